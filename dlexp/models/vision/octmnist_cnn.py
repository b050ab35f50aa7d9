"""A plain CNN for OCTMNIST, and its twin that strides where the first one pools.

The twin drops the pooling and gives its stride to the convolution before it, as the "Strided-CNN" of
Springenberg et al. 2014 (arXiv:1412.6806): same weights, same resolutions, less computation.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from dlexp.layers.choice import choose
from dlexp.layers.he_normal import he_normal


def pooled(width: int) -> list[nn.Module]:
    # rounded up, as a strided convolution with padding rounds: 28, 14, 7, 4
    return [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]


def strided(width: int) -> list[nn.Module]:
    return [nn.Conv2d(width, width, 3, stride=2, padding=1), nn.ReLU()]


DOWNSAMPLINGS = {"pool": pooled, "stride": strided}


class OCTMNISTCNN(nn.Module):
    """A stage of two convolutions that halves the resolution per entry of `widths`, then two linear layers.

    `dropout` follows every stage, `classifier_dropout` the hidden layer of `hidden` units.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        widths: Sequence[int],
        downsample: str,
        dropout: float,
        hidden: int,
        classifier_dropout: float,
    ) -> None:
        super().__init__()
        halve = choose("model.downsample", downsample, DOWNSAMPLINGS)
        channels, height, width = image_shape
        layers: list[nn.Module] = []
        for before, after in pairwise([channels, *widths]):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), *halve(after), nn.Dropout(dropout)]
            height, width = (height + 1) // 2, (width + 1) // 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * height * width, hidden),
            nn.ReLU(),
            nn.Dropout(classifier_dropout),
            nn.Linear(hidden, num_classes),
        )
        # PyTorch's default weights shrink the signal in every layer, and no batch norm makes up for it
        he_normal(self.features, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # (B, widths[-1], H / 8, W / 8) for three stages
        return self.classifier(x)  # (B, num_classes)
