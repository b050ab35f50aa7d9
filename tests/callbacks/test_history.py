"""metrics.csv."""

import csv

import pytest

from dlexp.callbacks.history import History


def test_a_row_an_epoch_and_one_of_the_test(fit, tmp_path):
    trainer = fit(History(folder=str(tmp_path)), max_epochs=2, test=True)
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    assert list(rows[0]) == ["step", "epoch", "val/loss", "train/loss", "test/loss"]
    assert [(row["step"], row["epoch"]) for row in rows] == [("4", "0"), ("8", "1"), ("8", "")]
    assert [[name for name in row if row[name] and "/" in name] for row in rows] == [
        ["val/loss", "train/loss"],
        ["val/loss", "train/loss"],
        ["test/loss"],
    ]
    assert float(rows[2]["test/loss"]) == trainer.callback_metrics["test/loss"].item()  # to the last bit


def test_columns_may_come_later(tmp_path):
    history = History(folder=str(tmp_path))
    history.rows = [{"step": 1, "a": 0.1}, {"step": 2, "b": 1e-300}]
    assert history.table() == "step,a,b\n1,0.1,\n2,,1e-300\n"


def test_an_attempt_leaves_nothing(fit, tmp_path):
    fit(History(folder=str(tmp_path)), fast_dev_run=True)
    assert not (tmp_path / "metrics.csv").exists()


@pytest.mark.parametrize("stage", ["fit", "test"])
def test_rows_come_back_with_a_checkpoint_that_training_goes_on_from(stage, tmp_path):
    from types import SimpleNamespace

    history = History(folder=str(tmp_path))
    history.rows = [{"step": 9}]
    trainer = SimpleNamespace(state=SimpleNamespace(fn=stage))
    history.on_load_checkpoint(trainer, None, {"history": [{"step": 4}]})
    assert history.rows == ([{"step": 4}] if stage == "fit" else [{"step": 9}])
