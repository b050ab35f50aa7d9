"""The task by hand against torch: its layers, autograd and optimizers learn the same weights from the same batches."""

from functools import partial

import pytest
import torch
from fitting import runner
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from dlexp.errors import InputError
from dlexp.models.scratch.mlp import MLPScratch
from dlexp.models.scratch.softmax_regression import SoftmaxRegression
from dlexp.optim.scratch.adam import Adam
from dlexp.optim.scratch.nesterov import Nesterov
from dlexp.optim.scratch.rule import Rule
from dlexp.optim.scratch.sgd import Sgd
from dlexp.tasks.classification_by_hand import ClassificationByHand

SHAPE, CLASSES = [1, 4, 4], 3
RULES = {
    "sgd": (Sgd(lr=0.1, weight_decay=0.01), partial(torch.optim.SGD, lr=0.1, weight_decay=0.01)),
    "nesterov": (
        Nesterov(lr=0.1, momentum=0.9, weight_decay=0.0),
        partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "adam": (
        Adam(lr=0.01, betas=[0.9, 0.99], eps=1e-8, weight_decay=0.0),
        partial(torch.optim.Adam, betas=(0.9, 0.99), lr=0.01),
    ),
}

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers"),
    "ignore:.*configure_optimizers",
)


def batches(count: int = 4, size: int = 6) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(size, *SHAPE, generator=generator), torch.randint(CLASSES, (size,), generator=generator))
        for _ in range(count)
    ]


def network() -> MLPScratch:
    torch.manual_seed(0)
    return MLPScratch(input_shape=SHAPE, num_classes=CLASSES, hidden=7, activation="relu", dropout=0.0)


def task(model: nn.Module, rule: Rule, final_lr: float = 1.0) -> ClassificationByHand:
    return ClassificationByHand(
        model=model,
        optimizer=rule,
        input_shape=SHAPE,
        num_classes=CLASSES,
        final_lr=final_lr,
        monitor="val/accuracy",
        mode="max",
    )


def fit(module: LightningModule, train: list, val: list | None = None, ckpt: str | None = None, **options) -> Trainer:
    trainer = runner(**options)
    loaders = [DataLoader(data, batch_size=None) if data else None for data in (train, val)]
    trainer.fit(module, *loaders, ckpt_path=ckpt, weights_only=True)
    return trainer


class TorchMLP(nn.Module):
    """The same network with the weights of another, for autograd."""

    def __init__(self, source: MLPScratch) -> None:
        super().__init__()
        for name, value in source.named_parameters():
            setattr(self, name, nn.Parameter(value.clone()))

    def forward(self, x: Tensor) -> Tensor:
        hidden = nn.functional.relu(nn.functional.linear(x.flatten(1), self.weight1.T, self.bias1))
        return nn.functional.linear(hidden, self.weight2.T, self.bias2)


@pytest.mark.parametrize("final_lr", [1.0, 0.2])
@pytest.mark.parametrize("name", RULES)
def test_learns_what_torch_learns(name, final_lr):
    rule, optimizer = RULES[name]
    start_lr, epochs = rule.lr, 3
    module = task(network(), rule, final_lr)
    reference = TorchMLP(network())
    trainer = fit(module, batches(), max_epochs=epochs)
    rule.lr = start_lr  # the rule is shared between tests
    optimizer, step, steps = optimizer(reference.parameters()), 0, epochs * len(batches())
    for _ in range(epochs):
        losses, hits = [], []
        for x, labels in batches():
            optimizer.param_groups[0]["lr"] = start_lr * (1 + (final_lr - 1) * (step + 0.5) / steps)
            scores = reference(x)
            loss = cross_entropy(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            losses.append(loss.item())
            hits.append((scores.argmax(1) == labels).float())
    for key, weight in module.model.named_parameters():
        torch.testing.assert_close(weight.data, getattr(reference, key).data, rtol=1e-5, atol=1e-6)
    found = trainer.callback_metrics
    assert trainer.global_step == steps
    assert found["train/loss"].item() == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    assert found["train/accuracy"].item() == pytest.approx(torch.cat(hits).mean().item())
    assert found["train/lr"].item() == pytest.approx(optimizer.param_groups[0]["lr"])


def test_what_it_logs_is_what_it_says():
    module = task(network(), RULES["sgd"][0])
    trainer = fit(module, batches(1), batches(1))
    found = set(trainer.callback_metrics)
    trainer.test(module, DataLoader(batches(1), batch_size=None), verbose=False)
    assert found | set(trainer.callback_metrics) == module.logged


class SaveAt(Callback):
    def __init__(self, step: int, path: str) -> None:
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer: Trainer, *args) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)


@pytest.mark.parametrize("name", RULES)
def test_a_resumed_run_goes_on_with_what_the_rule_remembers(name, tmp_path):
    rule, path = RULES[name][0], str(tmp_path / "epoch.ckpt")
    start_lr = rule.lr

    def run(*callbacks: Callback, ckpt: str | None = None) -> ClassificationByHand:
        rule.lr = start_lr
        module = task(network(), rule, final_lr=0.0)
        fit(module, batches(), max_epochs=4, callbacks=list(callbacks), ckpt=ckpt)
        rule.lr = start_lr
        return module

    unbroken = run(SaveAt(8, path))
    resumed = run(ckpt=path)
    for one, other in zip(unbroken.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_softmax_regression_finds_the_minimum():
    """With the learning rate falling to 0; there the gradient is 0 and the loss the least."""
    (batch,) = batches(1, size=30)
    model = SoftmaxRegression(input_shape=SHAPE, num_classes=CLASSES)
    fit(task(model, Nesterov(lr=0.5, momentum=0.9, weight_decay=0.01), final_lr=0.0), [batch] * 50, max_epochs=6)
    _, gradients = model.gradients(*batch)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(gradients[name], -0.01 * weight, rtol=0, atol=1e-4)


@pytest.mark.parametrize("final_lr", [-0.1, 1.5])
def test_a_learning_rate_that_goes_elsewhere(final_lr):
    with pytest.raises(InputError, match=rf"task\.final_lr={final_lr} .* 0 to 1"):
        task(network(), RULES["sgd"][0], final_lr)


def test_a_loss_that_is_no_number():
    module = task(network(), Sgd(lr=1e30, weight_decay=0.0))
    with pytest.raises(InputError, match=r"the loss became .* in epoch 1.*optimizer\.lr"):
        fit(module, batches())


def test_a_run_that_is_averaged_and_killed_ends_as_an_unbroken_one(launch, tmp_path):
    """With EMA, dropout and momentum, by the real command: what best.ckpt holds, and every logged number."""
    words = (
        *("task=mlp_scratch", "model.hidden=9", "model.dropout=0.2", "optimizer=nesterov_scratch", "optimizer.lr=0.01"),
        *("callbacks=[default,ema]", "callbacks.ema.decay=0.9", "trainer=cpu", "logger=none", "stages=[fit]"),
        *("data.limit=120", "data.validation=40", "data.batch_size=40", "callbacks.curves=null"),
        *("callbacks.classification_figures=null", "callbacks.weight_images=null"),
    )
    unbroken = launch(*words, "trainer.max_epochs=4", folder=tmp_path / "unbroken")
    assert (unbroken.code, unbroken.err) == (0, "")
    first = launch(*words, "trainer.max_epochs=4", "+trainer.max_steps=6", folder=tmp_path / "first")
    assert first.code == 0
    ckpt = tmp_path / "first" / "checkpoints" / "last.ckpt"
    second = launch(*words, "trainer.max_epochs=4", f'ckpt="{ckpt}"', folder=tmp_path / "second")
    assert second.code == 0
    assert second.history.splitlines()[-1] == unbroken.history.splitlines()[-1]
    for name in ("best", "last"):
        one, other = (
            torch.load(run.folder / "checkpoints" / f"{name}.ckpt", weights_only=True)["state_dict"]
            for run in (unbroken, second)
        )
        assert all(torch.equal(one[key], other[key]) for key in one)
