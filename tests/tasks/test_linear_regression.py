"""Linear regression by hand and by torch.nn, against a bare loop, scikit-learn, and a run that was stopped."""

import os
import signal
from functools import partial

import pytest
import torch
from lightning.pytorch import Trainer
from sklearn.metrics import r2_score
from torch import nn

from dlexp.data.regression.line import Line
from dlexp.errors import InputError
from dlexp.models.scratch.linear_regression import LinearRegression as ByHand
from dlexp.optim.scratch.momentum import Momentum
from dlexp.optim.scratch.sgd import Sgd
from dlexp.tasks.linear_regression import LinearRegression, explained

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec")
WORDS = ("task=linear_regression", "trainer=cpu", "logger=none", "callbacks.curves=null", "trainer.max_epochs=3")


def rows(**changes) -> Line:
    given = {"slope": [2.0], "intercept": 1.0, "noise": 0.5, "low": -1.0, "high": 3.0, "input_shape": [1]}
    sizes = {"num_classes": 0, "samples": 24, "validation": 10, "test": 12, "draw": 0, "seed": 0}
    return Line(**(given | sizes | {"batch_size": 7, "eval_batch_size": 8} | changes))


def task(lr: float = 0.1, features: int = 1, **changes) -> LinearRegression:
    arguments = {
        "model": ByHand(input_shape=[features], start_weight=-1.0, start_bias=4.0),
        "optimizer": Sgd(lr=lr, weight_decay=0.0),
        "twin": nn.Linear(features, 1),
        "twin_optimizer": partial(torch.optim.SGD, lr=lr),
        "input_shape": [features],
        "num_classes": 0,
        "monitor": "train/distance",
        "mode": "min",
    }
    return LinearRegression(**(arguments | changes))


def fit(module: LinearRegression, data: Line, **options) -> Trainer:
    plain = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "num_sanity_val_steps": 0}
    trainer = Trainer(accelerator="cpu", enable_model_summary=False, **(plain | {"max_epochs": 2} | options))
    trainer.fit(module, data)
    return trainer


def test_both_equal_a_bare_loop():
    module, data = task(), rows()
    trainer = fit(module, data)
    layer = nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(-1.0)
        layer.bias.fill_(4.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    loader, path = data.train_dataloader(), [[-1.0, 4.0]]
    for epoch in range(2):
        loader.sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(layer(x).squeeze(1), y).backward()
            optimizer.step()
            path.append([layer.weight.item(), layer.bias.item()])
    found = torch.stack(module.path)  # (S, 2, 2)
    assert len(found) == trainer.global_step + 1 == 2 * 4 + 1
    torch.testing.assert_close(found[:, 1], torch.tensor(path), rtol=0, atol=0)  # the twin is torch's own
    torch.testing.assert_close(found[:, 0], torch.tensor(path), rtol=0, atol=1e-5)
    assert trainer.callback_metrics["train/difference"] == (found[:, 0] - found[:, 1]).abs().max()


def test_the_whole_set_at_each_step_leads_to_the_closed_form():
    module, data = task(lr=0.25), rows(batch_size=24)
    trainer = fit(module, data, max_epochs=60)
    assert trainer.callback_metrics["train/distance"] < 1e-5
    torch.testing.assert_close(module.points(), module.solution.float().expand(2, 2), rtol=0, atol=1e-5)


def test_several_features():
    module = task(lr=0.05, features=3)
    trainer = fit(module, rows(slope=[2.0, -1.0, 0.5], input_shape=[3]), max_epochs=20)
    assert trainer.callback_metrics["train/difference"] < 1e-5
    start, end = (torch.stack(module.path)[[0, -1], 0] - module.solution).norm(dim=1)
    assert trainer.callback_metrics["train/distance"].item() == pytest.approx(end.item(), rel=1e-5)
    assert end < 0.2 * start


def test_momentum_by_hand_and_torch_s():
    rule = Momentum(lr=0.02, momentum=0.9, weight_decay=0.01)
    by_torch = partial(torch.optim.SGD, lr=0.02, momentum=0.9, weight_decay=0.01)
    module = task(optimizer=rule, twin_optimizer=by_torch)
    trainer = fit(module, rows(), max_epochs=10)
    assert trainer.callback_metrics["train/difference"] < 1e-5


def test_it_logs_what_it_says_and_judges_as_scikit_learn_does():
    module, data = task(), rows()
    trainer = fit(module, data)
    found = dict(trainer.callback_metrics)
    trainer.test(module, data, verbose=False)
    found |= trainer.callback_metrics
    assert found.keys() == module.logged
    x, y = data.features("test"), data.labels("test")
    outputs = module(x)
    assert found["test/loss"].item() == pytest.approx((outputs - y).square().mean().item())
    assert found["test/r2"].item() == pytest.approx(r2_score(y, outputs), abs=1e-5)
    solved = x.double() @ module.solution[:-1] + module.solution[-1]
    assert found["test/r2_closed_form"].item() == pytest.approx(r2_score(y, solved), abs=1e-5)
    assert found["test/loss_closed_form"].item() == pytest.approx((solved - y).square().mean().item(), abs=1e-5)
    assert found["test/loss_twin"].item() == pytest.approx(found["test/loss"].item(), abs=1e-5)


def test_r2_of_the_mean_is_0():
    targets = torch.tensor([1.0, 2.0, 6.0])
    assert explained(targets, targets) == 1
    assert explained(torch.full((3,), 3.0), targets) == 0
    assert explained(-targets, targets) < 0


def test_too_long_steps_end_soon():
    with pytest.raises(InputError, match=r"the loss became .* it was .* the steps are too long, lower optimizer\.lr"):
        fit(task(lr=0.5), rows(batch_size=24), max_epochs=100)
    with pytest.raises(InputError, match="the loss became nan in epoch 1, step 2"):
        fit(task(lr=float("inf")), rows(batch_size=12), max_epochs=2)


def test_data_with_classes():
    with pytest.raises(InputError, match=r"the data has 10 classes, .* choose data=line"):
        task(num_classes=10)


def test_a_run_that_was_stopped_goes_on_bit_by_bit(launch, tmp_path, monkeypatch):
    words = (*WORDS, "data.samples=30", "data.batch_size=8", "callbacks.descent_figures=null")
    unbroken = launch(*words, folder=tmp_path / "unbroken")
    assert (unbroken.code, unbroken.err) == (0, "")

    steps, original = 0, LinearRegression.training_step

    def stop_in_step_6(*args):
        nonlocal steps
        steps += 1
        if steps == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(*args)

    monkeypatch.setattr(LinearRegression, "training_step", stop_in_step_6)
    stopped = launch(*words, folder=tmp_path / "stopped")
    assert stopped.result["status"] == "interrupted"
    last = tmp_path / "stopped" / "checkpoints" / "last.ckpt"
    assert len(torch.load(last, weights_only=True)["path"]) == 6 + 1
    resumed = launch(*words, f"ckpt={last}", folder=tmp_path / "resumed")
    assert (resumed.code, resumed.err) == (0, "")
    assert resumed.result["metrics"] == unbroken.result["metrics"]
    assert resumed.history == unbroken.history
    paths = [
        torch.load(end.folder / "checkpoints" / "last.ckpt", weights_only=True)["path"] for end in (resumed, unbroken)
    ]
    assert torch.equal(*paths)


def test_the_command_leaves_its_figure(launch, tmp_path):
    end = launch(*WORDS, "data=diabetes", folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert (end.folder / "figures" / "descent.png").is_file()
    assert end.result["metrics"]["train/difference"] < 1e-3
    assert end.result["parameters"] == 2
