"""Update rules by hand: each optimizer's formula in a few lines, without torch.optim and without autograd."""
