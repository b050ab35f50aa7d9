"""GoogLeNet (Szegedy et al. 2014, arXiv:1409.4842) with batch norm.

As in torchvision, whose parameter count is the one quoted, the paper's 5x5 branch has 3x3 kernels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.layers.choice import choose


class Convolution(nn.Sequential):
    """Convolution, batch norm, ReLU; the resolution changes by the stride only."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, eps=0.001),
            nn.ReLU(),
        )


def small_stem(channels: int) -> nn.Sequential:
    """Keeps the resolution."""
    return nn.Sequential(Convolution(channels, 192, 3))


def imagenet_stem(channels: int) -> nn.Sequential:
    """Divides the resolution by 8."""
    return nn.Sequential(
        Convolution(channels, 64, 7, stride=2),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        Convolution(64, 64, 1),
        Convolution(64, 192, 3),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
    )


FORMS = {"small": small_stem, "imagenet": imagenet_stem}


class Inception(nn.Module):
    """Four branches side by side: 1x1, 1x1 then 3x3, 1x1 then 3x3, and max pooling then 1x1.

    `three` and `five` are (channels of the reducing 1x1 convolution, channels of the 3x3 convolution).
    """

    def __init__(self, inputs: int, *, one: int, three: tuple[int, int], five: tuple[int, int], pool: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                Convolution(inputs, one, 1),
                nn.Sequential(Convolution(inputs, three[0], 1), Convolution(*three, 3)),
                nn.Sequential(Convolution(inputs, five[0], 1), Convolution(*five, 3)),
                nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), Convolution(inputs, pool, 1)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)  # (B, all their channels, H, W)


class AuxiliaryHead(nn.Sequential):
    """A classifier on features halfway: it gives early layers a short path to the loss."""

    def __init__(self, inputs: int, *, num_classes: int, dropout: float) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(4),
            Convolution(inputs, 128, 1),
            nn.Flatten(),
            nn.Linear(128 * 4 * 4, 1024),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1024, num_classes),
        )


class GoogLeNet(nn.Module):
    """With `aux_heads`, training gives (logits, aux1, aux2), each (B, num_classes); otherwise the logits."""

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        form: str,
        dropout: float,
        aux_heads: bool,
        aux_dropout: float,
    ) -> None:
        super().__init__()
        stem = choose("model.form", form, FORMS)
        # the names 3a … 5b are the paper's
        self.to_4a = nn.Sequential(
            stem(image_shape[0]),
            Inception(192, one=64, three=(96, 128), five=(16, 32), pool=32),  # 3a
            Inception(256, one=128, three=(128, 192), five=(32, 96), pool=64),  # 3b
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Inception(480, one=192, three=(96, 208), five=(16, 48), pool=64),  # 4a
        )
        self.to_4d = nn.Sequential(
            Inception(512, one=160, three=(112, 224), five=(24, 64), pool=64),  # 4b
            Inception(512, one=128, three=(128, 256), five=(24, 64), pool=64),  # 4c
            Inception(512, one=112, three=(144, 288), five=(32, 64), pool=64),  # 4d
        )
        self.to_5b = nn.Sequential(
            Inception(528, one=256, three=(160, 320), five=(32, 128), pool=128),  # 4e
            nn.MaxPool2d(2, stride=2, ceil_mode=True),
            Inception(832, one=256, three=(160, 320), five=(32, 128), pool=128),  # 5a
            Inception(832, one=384, three=(192, 384), five=(48, 128), pool=128),  # 5b
        )
        self.aux_heads = nn.ModuleList(
            AuxiliaryHead(inputs, num_classes=num_classes, dropout=aux_dropout)
            for inputs in ([512, 528] if aux_heads else [])
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(1024, num_classes)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        x4a = self.to_4a(x)  # (B, 512, h, w), h = H / 2 (small) or H / 16 (imagenet)
        x4d = self.to_4d(x4a)  # (B, 528, h, w)
        x5b = self.to_5b(x4d)  # (B, 1024, h / 2, w / 2)
        logits = self.classifier(x5b)  # (B, num_classes)
        if self.training and self.aux_heads:
            aux1, aux2 = self.aux_heads
            return logits, aux1(x4a), aux2(x4d)
        return logits
