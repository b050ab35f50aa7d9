"""LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition").

As the field builds it today: C3 sees all maps of S2 (the paper connects some of them, to save time), the
pooling layers have no weights, and a linear layer replaces the radial basis functions.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.layers.choice import choose

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU}
POOLINGS = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}

SIDE = 32  # pixels: the size at which C5 sees the whole image


class LeNet5(nn.Module):
    """Images smaller than 32 pixels get a border of zeros; larger or odd sizes raise InputError."""

    def __init__(self, *, image_shape: Sequence[int], num_classes: int, activation: str, pooling: str) -> None:
        super().__init__()
        channels, height, width = image_shape
        if max(height, width) > SIDE or height % 2 or width % 2:
            raise InputError(
                f"LeNet-5 reads images of 28x28 or 32x32 pixels, not {height}x{width}: choose another model or data"
            )
        border = ((SIDE - height) // 2, (SIDE - width) // 2)
        act = choose("model.activation", activation, ACTIVATIONS)
        pool = choose("model.pooling", pooling, POOLINGS)
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=border),  # C1 (B, 6, 28, 28)
            act(),
            pool(2),  # S2 (B, 6, 14, 14)
            nn.Conv2d(6, 16, 5),  # C3 (B, 16, 10, 10)
            act(),
            pool(2),  # S4 (B, 16, 5, 5)
            nn.Conv2d(16, 120, 5),  # C5 (B, 120, 1, 1)
            act(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # (B, 120)
            nn.Linear(120, 84),  # F6 (B, 84)
            act(),
            nn.Linear(84, num_classes),  # (B, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))  # (B, num_classes)
