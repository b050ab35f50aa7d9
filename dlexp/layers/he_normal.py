"""He's initialisation of convolutions (arXiv:1502.01852), as ResNet, VGG and Xception use it."""

from torch import nn


def he_normal_convolutions(network: nn.Module) -> None:
    """Draw every filter of `network` from N(0, 2 / fan_out), which keeps the size of gradients through ReLUs.

    Biases become 0.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
