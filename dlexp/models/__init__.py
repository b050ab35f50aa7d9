"""Networks: images (or whatever the task reads) in, predictions out."""
