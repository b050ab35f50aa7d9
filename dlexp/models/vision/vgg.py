"""VGG (Simonyan & Zisserman 2014, arXiv:1409.1556): stacks of 3x3 convolutions, batch norm optional."""

from collections.abc import Sequence

from torch import Tensor, nn

from dlexp.layers.choice import choose
from dlexp.layers.he_normal import he_normal

WIDTHS = (64, 128, 256, 512, 512)  # channels of the five stages
DEPTHS = {  # layers with weights, the three fully connected ones included: convolutions in each stage
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


def small_classifier(*, num_classes: int, dropout: float) -> nn.Sequential:
    """One linear layer: at 32 pixels the features are a single position, and wide layers only overfit."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(WIDTHS[-1], num_classes))


def imagenet_classifier(*, num_classes: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(7),
        nn.Flatten(),
        nn.Linear(WIDTHS[-1] * 7 * 7, 4096),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(4096, num_classes),
    )


FORMS = {"small": small_classifier, "imagenet": imagenet_classifier}


class VGG(nn.Module):
    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        form: str,
        depth: int,
        batch_norm: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        counts = choose("model.depth", depth, DEPTHS)
        classifier = choose("model.form", form, FORMS)
        channels = image_shape[0]
        layers: list[nn.Module] = []
        for width, count in zip(WIDTHS, counts, strict=True):
            for _ in range(count):
                layers.append(nn.Conv2d(channels, width, 3, padding=1))
                if batch_norm:
                    layers.append(nn.BatchNorm2d(width))
                layers.append(nn.ReLU())
                channels = width
            # rounding up leaves 28 pixels five halvings (14, 7, 4, 2, 1) and changes nothing at 32 and 224
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.classifier = classifier(num_classes=num_classes, dropout=dropout)

        he_normal(self.features, mode="fan_out")
        for layer in self.classifier:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.01)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # (B, 512, H / 32, W / 32)
        return self.classifier(x)  # (B, num_classes)
