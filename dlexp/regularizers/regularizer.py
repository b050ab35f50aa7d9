"""What a regularizer is: it may change what the encoder sees, and it may have a price."""

from torch import Tensor, nn


class Regularizer:
    """Both hooks do nothing here; a method overrides one of them. Several are composed: corrupted in turn, added up."""

    def corrupt(self, x: Tensor) -> Tensor:
        """The images (B, C, H, W) that the encoder sees in training; the loss is against the clean ones."""
        return x

    def penalty(self, model: nn.Module, x: Tensor, code: Tensor) -> Tensor | None:
        """A price () on the code (B, L) of the images x (B, C, H, W) that the encoder saw; None: there is none."""
        return None
