"""He's initialisation (arXiv:1502.01852): signals keep their size through layers of ReLUs."""

from typing import Literal

from torch import nn


def he_normal(*networks: nn.Module, mode: Literal["fan_in", "fan_out"]) -> None:
    """Draw the weights of all convolutions and linear layers from N(0, 2 / fan), and set their biases to 0.

    fan_in keeps the size of activations, fan_out that of gradients.
    """
    for network in networks:
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
