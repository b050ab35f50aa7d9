"""Parameter groups: weight decay for matrices and filters, none for norms and biases."""

from typing import Any

from torch import nn


def parameter_groups(model: nn.Module) -> list[dict[str, Any]]:
    """Split the trainable parameters of `model` into the groups an optimizer takes.

    Parameters with two or more dimensions (matrices, filters) take the optimizer's own weight decay, all
    others (scales and shifts of norms, biases) take 0, after "Bag of Tricks" (He et al. 2019,
    arXiv 1812.01187, section 3.1). An embedding table has two dimensions and decays, as in nanoGPT.

    Both groups keep the model's order, a shared parameter stands where it is met first, and a group that
    would be empty is left out.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trainable if p.ndim >= 2]},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
