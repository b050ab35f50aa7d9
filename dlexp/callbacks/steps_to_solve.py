"""val/steps_to_solve: how many steps of training a problem took."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.errors import InputError


class StepsToSolve(Callback):
    """The step after which `monitor` of the validation was below `threshold`, in the units of `monitor`, for the first
    time; nothing if it never was. As fine as validations are frequent. With `stop` the training ends there.
    """

    def __init__(self, *, monitor: str, threshold: float, stop: bool) -> None:
        if not isinstance(threshold, int | float) or not threshold > 0:
            raise InputError(f"callbacks.steps_to_solve.threshold={threshold}: give a number above 0")
        self.monitor = monitor
        self.threshold = threshold
        self.stop = stop
        self.steps: int | None = None

    @property
    def measures(self) -> dict[str, float]:
        return {} if self.steps is None else {"val/steps_to_solve": self.steps}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        if self.steps is None and trainer.callback_metrics[self.monitor].item() < self.threshold:
            self.steps = trainer.global_step
        if self.stop and self.steps is not None:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
