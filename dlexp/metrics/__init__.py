"""What is measured of images, codes and samples: tensors in, a number out."""
