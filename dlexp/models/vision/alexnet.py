"""AlexNet in one column (Krizhevsky 2014, arXiv:1404.5997; first Krizhevsky et al. 2012)."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.layers.he_normal import he_normal


class Form(NamedTuple):
    kernel: int  # of the first convolution, in pixels, as its stride and padding
    stride: int
    padding: int
    pool_padding: int
    grid: int  # side of the feature maps that the classifier reads
    hidden: int  # width of the fully connected layers
    smallest: int  # side of the smallest image that survives the strides, in pixels


FORMS = {
    # a first layer that keeps the resolution, so that 32 pixels end as 4x4 maps, and a narrower classifier
    "small": Form(kernel=5, stride=1, padding=2, pool_padding=1, grid=4, hidden=1024, smallest=1),
    "imagenet": Form(kernel=11, stride=4, padding=2, pool_padding=0, grid=6, hidden=4096, smallest=63),
}


class AlexNet(nn.Module):
    """Raises InputError where the image is too small for the strides of the imagenet form."""

    def __init__(self, *, image_shape: Sequence[int], num_classes: int, form: str, dropout: float) -> None:
        super().__init__()
        channels, height, width = image_shape
        f = choose("model.form", form, FORMS)
        if min(height, width) < f.smallest:
            raise InputError(
                f"AlexNet's {form} form needs {f.smallest} pixels, the image has {height}x{width}: set model.form=small"
            )
        self.features = nn.Sequential(
            nn.Conv2d(channels, 64, f.kernel, stride=f.stride, padding=f.padding),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=f.pool_padding),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=f.pool_padding),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=f.pool_padding),
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(f.grid),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(256 * f.grid**2, f.hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(f.hidden, f.hidden),
            nn.ReLU(),
            nn.Linear(f.hidden, num_classes),
        )
        # PyTorch's default weights shrink the signal in every layer, and no batch norm makes up for it
        he_normal(self.features, mode="fan_out")
        he_normal(self.classifier, mode="fan_in")

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # (B, 256, h, w): 4x4 from 28 or 32 pixels (small), 6x6 from 224 (imagenet)
        return self.classifier(x)  # (B, num_classes)
