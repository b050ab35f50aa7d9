"""checkpoints/best.ckpt and last.ckpt: enough to resume bit by bit, and enough to predict."""

import shutil
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from dlexp.errors import InputError


class Checkpoint(ModelCheckpoint):
    """Adds to Lightning's checkpoint the state of the random generators, the class names and the preprocessing.

    The config is there as `hyper_parameters`. Everything is a tensor or a plain type: weights_only=True loads it.
    """

    def __init__(self, *, dirpath: str, monitor: str, mode: str) -> None:
        super().__init__(
            dirpath=dirpath,
            filename="best",
            monitor=monitor,
            mode=mode,
            save_last=True,
            save_on_train_epoch_end=True,  # when the epoch's metrics are known and its sums are closed
            enable_version_counter=False,
        )
        self.random_state: dict[str, Any] | None = None
        self.best_metrics: dict[str, float] = {}  # train and validation, of the epoch that best.ckpt holds
        self.best_epoch: int | None = None

    @property
    def summary(self) -> dict[str, Any]:
        """What result.json keeps of it."""
        return {"monitor": self.monitor, "mode": self.mode, "best_epoch": self.best_epoch}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.fast_dev_run:
            return  # nothing is kept
        metrics = trainer.callback_metrics
        if self.check_monitor_top_k(trainer, metrics.get(self.monitor)):  # before saving, so that it is saved
            self.best_metrics = {k: v.item() for k, v in metrics.items() if k.startswith(("train/", "val/"))}
            self.best_epoch = trainer.current_epoch
        super().on_train_epoch_end(trainer, pl_module)
        if self._last_global_step_saved != trainer.global_step:  # Lightning writes last.ckpt with best.ckpt only
            self._save_last_checkpoint(trainer, self._monitor_candidates(trainer))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Nothing: last.ckpt is written in every epoch. Lightning would write it here, even if nothing is kept."""

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["best"] = {"metrics": self.best_metrics, "epoch": self.best_epoch}
        checkpoint["classes"] = list(getattr(trainer.datamodule, "classes", ()))
        checkpoint["preprocessing"] = getattr(trainer.datamodule, "preprocessing", {})
        checkpoint["random_state"] = {"cpu": torch.get_rng_state()}
        if pl_module.device.type == "cuda":
            checkpoint["random_state"]["cuda"] = torch.cuda.get_rng_state(pl_module.device)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        state = checkpoint["callbacks"].pop(self.state_key, None)  # not for Lightning: it knows of one folder only
        if trainer.state.fn == "fit":
            self.random_state = checkpoint["random_state"]
            self.bring(trainer, Path(trainer.ckpt_path), "last.ckpt")
            if state and state["best_k_models"]:  # else none was kept, or by another metric
                self.best_metrics, self.best_epoch = checkpoint["best"]["metrics"], checkpoint["best"]["epoch"]
                best = self.bring(trainer, Path(trainer.ckpt_path).with_name("best.ckpt"), "best.ckpt")
                self.best_model_path = self.kth_best_model_path = best
                self.best_model_score, self.kth_value = state["best_model_score"], state["kth_value"]
                self.best_k_models = {best: self.best_model_score}

    def bring(self, trainer: Trainer, source: Path, name: str) -> str:
        """A run may go on in another folder, where its checkpoints come along: the best is still the one to beat."""
        here = Path(self.dirpath) / name
        if not source.is_file():
            raise InputError(f"there is no {name} beside {trainer.ckpt_path}: a run goes on from both")
        if trainer.is_global_zero and source.resolve() != here.resolve():
            here.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, here)
        return str(here)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        # Lightning forgets the loader's place in the epoch where the schedule has asked for the number of steps.
        trainer.fit_loop._load_combined_loader_states()
        if self.random_state is not None:  # last of all, so that nothing between loading and training draws
            torch.set_rng_state(self.random_state["cpu"].cpu())
            if pl_module.device.type == "cuda" and "cuda" in self.random_state:
                torch.cuda.set_rng_state(self.random_state["cuda"].cpu(), pl_module.device)
