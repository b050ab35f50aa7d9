"""A step that no optimizer of torch's has made counts as well."""

from lightning.pytorch import Trainer


def count_step(trainer: Trainer) -> None:
    """Call it once for each step of a task with `automatic_optimization = False` and no optimizer of torch's.

    Lightning counts the steps of the optimizers that it wraps. Without a count there would be neither checkpoints,
    which are written once a step at most, nor trainer.max_steps.
    """
    progress = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
    progress.increment_ready()
    progress.increment_completed()
