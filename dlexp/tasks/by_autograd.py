"""What every task shares that learns by autograd: one optimizer, a schedule by steps, gradients that may be clipped."""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import InputError
from dlexp.optim.decay import parameter_groups


class ByAutograd:
    """For a LightningModule with `model`, and `optimizer` and `scheduler` that are partial.

    The first is called with parameter groups, the second with the optimizer and `total_steps`.
    """

    optimizer: Callable[..., Optimizer]
    scheduler: Callable[..., LRScheduler]

    @property
    def learned(self) -> nn.Module:
        """What has the weights that the optimizer is given."""
        return self.model

    def configure_optimizers(self) -> dict[str, Any]:
        check_clipping(self.trainer.gradient_clip_val)
        optimizer = self.optimizer(parameter_groups(self.learned))
        scheduler = self.scheduler(optimizer, total_steps=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Lightning refuses to clip under a fused optimizer in any mixed precision; only fp16 has a reason to."""
        if not gradient_clip_val:
            return
        if self.trainer.precision == "16-mixed":
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        elif gradient_clip_algorithm == "value":
            nn.utils.clip_grad_value_(self.parameters(), gradient_clip_val)
        else:
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)


def check_clipping(most: float | None) -> None:
    """InputError for a norm below 0, which would turn every gradient round, and for one that is no number."""
    if most is not None and not most >= 0:
        raise InputError(f"trainer.gradient_clip_val={most}: give a number above 0, or null for gradients as they are")


def check_autograd(model: nn.Module, optimizer: object) -> None:
    """InputError for a model or an update rule that is made to learn by hand."""
    if not any(weight.requires_grad for weight in model.parameters()):
        raise InputError(
            f"model {type(model).__name__} has no weight that asks for a gradient, and this task learns by autograd: "
            "choose another model=…, or a task that learns by hand, such as task=mlp_scratch"
        )
    if not callable(optimizer):
        raise InputError(
            f"optimizer {type(optimizer).__name__} makes its steps by hand, and this task learns by autograd: choose "
            "one of torch's, such as optimizer=adam"
        )
