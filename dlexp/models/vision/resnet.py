"""ResNet (He et al. 2015, arXiv:1512.03385), 18, 34 or 50 layers deep."""

from collections.abc import Sequence

from torch import Tensor, nn

from dlexp.layers.choice import choose
from dlexp.layers.he_normal import he_normal

WIDTHS = (64, 128, 256, 512)  # inner channels of the four stages


def convolution(inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> list[nn.Module]:
    """Convolution that keeps the resolution up to its stride, and batch norm, which makes a bias needless."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


def small_stem(channels: int) -> nn.Sequential:
    """Keeps the resolution, as in the paper's CIFAR-10 nets."""
    return nn.Sequential(*convolution(channels, WIDTHS[0], 3), nn.ReLU())


def imagenet_stem(channels: int) -> nn.Sequential:
    """Quarters the resolution."""
    return nn.Sequential(
        *convolution(channels, WIDTHS[0], 7, stride=2), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1)
    )


def basic(inputs: int, width: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(*convolution(inputs, width, 3, stride=stride), nn.ReLU(), *convolution(width, outputs, 3))


def bottleneck(inputs: int, width: int, outputs: int, stride: int) -> nn.Sequential:
    """Strides in the 3x3 convolution; the paper's strides in the 1x1 before it, which loses accuracy."""
    return nn.Sequential(
        *convolution(inputs, width, 1),
        nn.ReLU(),
        *convolution(width, width, 3, stride=stride),
        nn.ReLU(),
        *convolution(width, outputs, 1),
    )


FORMS = {"small": small_stem, "imagenet": imagenet_stem}
DEPTHS = {  # layers with weights: residual branch, its outputs per inner channel, blocks in each stage
    18: (basic, 1, (2, 2, 2, 2)),
    34: (basic, 1, (3, 4, 6, 3)),
    50: (bottleneck, 4, (3, 4, 6, 3)),
}


class Block(nn.Module):
    """relu(branch(x) + x), where x is projected if the branch changes its shape."""

    def __init__(self, *, branch: nn.Module, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.branch = branch
        same_shape = inputs == outputs and stride == 1
        self.shortcut = nn.Sequential(*[] if same_shape else convolution(inputs, outputs, 1, stride=stride))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.branch(x) + self.shortcut(x))  # (B, outputs, H / stride, W / stride)


class ResNet(nn.Module):
    def __init__(self, *, image_shape: Sequence[int], num_classes: int, form: str, depth: int) -> None:
        super().__init__()
        stem = choose("model.form", form, FORMS)
        branch, expansion, counts = choose("model.depth", depth, DEPTHS)
        blocks: list[nn.Module] = []
        inputs = WIDTHS[0]
        for stage, (width, count) in enumerate(zip(WIDTHS, counts, strict=True)):
            for i in range(count):
                stride = 2 if stage > 0 and i == 0 else 1
                outputs = width * expansion
                body = branch(inputs, width, outputs, stride)
                blocks.append(Block(branch=body, inputs=inputs, outputs=outputs, stride=stride))
                inputs = outputs
        self.features = nn.Sequential(stem(image_shape[0]), *blocks)
        self.classifier = nn.Linear(inputs, num_classes)
        he_normal(self.features, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # (B, D, h, w), h = H / 8 (small) or H / 32 (imagenet)
        x = x.mean((2, 3))  # (B, D)
        return self.classifier(x)  # (B, num_classes)
