"""best.ckpt and last.ckpt."""

import pytest
import torch
from lightning.pytorch import Callback

from dlexp.callbacks.checkpoint import Checkpoint
from dlexp.errors import InputError


@pytest.fixture
def checkpoint(tmp_path):
    def checkpoint(folder: str = "run", monitor: str = "val/loss", mode: str = "min") -> Checkpoint:
        return Checkpoint(dirpath=str(tmp_path / folder), monitor=monitor, mode=mode)

    return checkpoint


def load(tmp_path, name: str, folder: str = "run") -> dict:
    return torch.load(tmp_path / folder / f"{name}.ckpt", weights_only=True)


def test_last_is_the_last_epoch_and_best_the_best(fit, checkpoint, tmp_path):
    """The loss falls all the time: its highest value is that of the first epoch."""
    callback = checkpoint(mode="max")
    fit(callback, enable_checkpointing=True, max_epochs=3)
    assert (load(tmp_path, "best")["epoch"], load(tmp_path, "last")["epoch"]) == (0, 2)
    assert callback.summary == {"monitor": "val/loss", "mode": "max", "best_epoch": 0}
    assert callback.best_metrics.keys() == {"train/loss", "val/loss"}
    assert load(tmp_path, "last")["best"] == {"metrics": callback.best_metrics, "epoch": 0}


def test_the_best_stays_the_best_in_another_folder(fit, checkpoint, tmp_path):
    first = checkpoint(mode="max")
    fit(first, enable_checkpointing=True, max_epochs=2)
    second = checkpoint("other", mode="max")
    trainer = fit(second, enable_checkpointing=True, max_epochs=4, ckpt=tmp_path / "run" / "last.ckpt")
    assert second.best_epoch == 0
    assert second.best_metrics == first.best_metrics
    assert trainer.checkpoint_callback.best_model_path == str(tmp_path / "other" / "best.ckpt")
    assert load(tmp_path, "best", "other")["epoch"] == 0
    assert load(tmp_path, "last", "other")["epoch"] == 3
    assert (load(tmp_path, "best")["epoch"], load(tmp_path, "last")["epoch"]) == (0, 1)  # left as they were


def test_by_another_metric_the_best_is_sought_anew(fit, checkpoint, tmp_path):
    fit(checkpoint(mode="max"), enable_checkpointing=True, max_epochs=2)
    other = checkpoint("other", monitor="train/loss", mode="max")
    fit(other, enable_checkpointing=True, max_epochs=4, ckpt=tmp_path / "run" / "last.ckpt")
    assert other.best_epoch == 2
    assert load(tmp_path, "best", "other")["epoch"] == 2


def test_both_are_needed_to_go_on(fit, checkpoint, tmp_path):
    fit(checkpoint(), enable_checkpointing=True)
    (tmp_path / "run" / "best.ckpt").unlink()
    with pytest.raises(InputError, match=r"no best\.ckpt beside .*last\.ckpt"):
        fit(checkpoint("other"), enable_checkpointing=True, max_epochs=4, ckpt=tmp_path / "run" / "last.ckpt")


def test_random_numbers_go_on_where_they_were(fit, checkpoint, tmp_path):
    seen = []

    class Watch(Callback):
        def on_train_epoch_start(self, trainer, pl_module) -> None:
            seen.append(torch.get_rng_state())

    torch.manual_seed(5)
    fit(checkpoint(), enable_checkpointing=True)
    expected = torch.get_rng_state()
    torch.manual_seed(6)
    last = tmp_path / "run" / "last.ckpt"
    fit(Watch(), checkpoint("other"), enable_checkpointing=True, max_epochs=3, ckpt=last)
    assert torch.equal(seen[0], expected)


def test_an_attempt_leaves_nothing(fit, checkpoint, tmp_path):
    callback = checkpoint()
    fit(callback, enable_checkpointing=True, fast_dev_run=True)
    assert not (tmp_path / "run").exists()
    assert callback.best_metrics == {}
