"""Ways to choose a sequence, token by token, from what a model says of the next."""
