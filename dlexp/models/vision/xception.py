"""Xception (Chollet 2016, arXiv:1610.02357): residual blocks of depthwise separable convolutions."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from dlexp.layers.choice import choose
from dlexp.layers.he_normal import he_normal


class Form(NamedTuple):
    stride: int  # of the first convolution
    padding: int  # of the first two convolutions, in pixels
    block_stride: int  # of the first block


FORMS = {
    # without the first two halvings, so that the middle of the net works on 8x8 positions of 32 pixels
    "small": Form(stride=1, padding=1, block_stride=1),
    "imagenet": Form(stride=2, padding=0, block_stride=2),
}


class SeparableConvolution(nn.Sequential):
    """A 3x3 convolution within each channel, a 1x1 convolution across channels, and batch norm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )


class Block(nn.Module):
    """branch(x) + x, where x is projected if the branch changes its shape.

    The branch is a ReLU and a separable convolution for each step of `widths`, and max pooling if it strides;
    `leading_relu` is false where x comes out of a ReLU already.
    """

    def __init__(self, widths: Sequence[int], *, stride: int, leading_relu: bool = True) -> None:
        super().__init__()
        inputs, outputs = widths[0], widths[-1]
        self.shortcut = nn.Sequential()
        if inputs != outputs or stride != 1:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(outputs))
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.ReLU(), SeparableConvolution(before, after)]
        if stride != 1:
            layers.append(nn.MaxPool2d(3, stride=stride, padding=1))
        self.branch = nn.Sequential(*layers[0 if leading_relu else 1 :])

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x)  # (B, widths[-1], H / stride, W / stride)


class Xception(nn.Module):
    def __init__(self, *, image_shape: Sequence[int], num_classes: int, form: str, dropout: float) -> None:
        super().__init__()
        f = choose("model.form", form, FORMS)
        self.entry = nn.Sequential(
            nn.Conv2d(image_shape[0], 32, 3, stride=f.stride, padding=f.padding, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=f.padding, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            Block((64, 128, 128), stride=f.block_stride, leading_relu=False),
            Block((128, 256, 256), stride=2),
            Block((256, 728, 728), stride=2),
        )
        self.middle = nn.Sequential(*(Block((728, 728, 728, 728), stride=1) for _ in range(8)))
        self.exit = nn.Sequential(
            Block((728, 728, 1024), stride=2),
            SeparableConvolution(1024, 1536),
            nn.ReLU(),
            SeparableConvolution(1536, 2048),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(2048, num_classes)
        )
        he_normal(self.entry, self.middle, self.exit, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry(x)  # (B, 728, h, w), h = H / 4 (small) or H / 16 (imagenet)
        x = self.middle(x)  # (B, 728, h, w)
        x = self.exit(x)  # (B, 2048, h / 2, w / 2)
        return self.classifier(x)  # (B, num_classes)
