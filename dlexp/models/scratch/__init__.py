"""Models that say their own gradients: no autograd, no layers, a few lines of tensor algebra each."""
