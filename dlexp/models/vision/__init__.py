"""Networks that read images, one family a file."""
