"""TensorBoard's events in the run's folder: one file a run, and HPARAMS filled with the final metrics."""

from typing import Any

from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.rank_zero import rank_zero_only


class TensorBoard(TensorBoardLogger):
    """Lightning's logger, which would write an hparams.yaml and begin a new event file with every stage."""

    def __init__(self, *, folder: str) -> None:
        super().__init__(save_dir=folder, name="", version="", default_hp_metric=False)

    def save(self) -> None:
        """Nothing: .hydra/config.yaml is the record of the config."""

    @rank_zero_only
    def finalize(self, status: str) -> None:
        self.experiment.flush()

    @rank_zero_only
    def close(self, hyperparameters: dict[str, Any], metrics: dict[str, float]) -> None:
        """At the end of a run, when its final metrics are known: beside the curves, which they are not points of."""
        self.log_hyperparams(hyperparameters, {f"final/{name}": value for name, value in metrics.items()})
        self.experiment.close()
