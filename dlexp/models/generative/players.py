"""The two players of a GAN, around networks of any kind: what draws images, and what scores them."""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from dlexp.models.generative.beside import beside


class Generator(nn.Module):
    """Noise (B, L) to images in 0..1. `network` takes (B, L + K), the one-hot class beside the noise; K may be 0."""

    def __init__(self, network: nn.Module, num_classes: int) -> None:
        super().__init__()
        self.network = network
        self.num_classes = num_classes

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.network(beside(z, labels, self.num_classes)).sigmoid()  # (B, C, H, W)


class Discriminator(nn.Module):
    """Images in 0..1 to scores (B,), the higher the more real. `layout` shapes what `network` takes, as in `beside`."""

    def __init__(self, layout: nn.Module, network: nn.Module, num_classes: int) -> None:
        super().__init__()
        self.layout = layout
        self.network = network
        self.num_classes = num_classes

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        x = self.layout(2 * x - 1)  # around 0
        return self.network(beside(x, labels, self.num_classes)).squeeze(1)  # (B,)


def plain(layer: nn.Module, features: int | None) -> nn.Module:
    return layer


def batch_normed(layer: nn.Module, features: int | None) -> nn.Module:
    if features is None:
        return layer
    norm = nn.BatchNorm2d if isinstance(layer, nn.Conv2d) else nn.BatchNorm1d
    return nn.Sequential(layer, norm(features))


def spectrally_normed(layer: nn.Module, features: int | None) -> nn.Module:
    return spectral_norm(layer)


# Of a discriminator's layers. `features` leave the layer; None of the first and the last one, which have no batch norm
# (Radford, Metz and Chintala 2016). Spectral norm (Miyato et al. 2018, arXiv 1802.05957) is on all of them.
NORMS = {"none": plain, "batch": batch_normed, "spectral": spectrally_normed}
