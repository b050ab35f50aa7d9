"""The classification task against bare loops in PyTorch and scikit-learn's metrics."""

from functools import partial

import numpy as np
import pytest
import torch
from fitting import runner
from lightning.pytorch import Trainer
from sklearn import metrics as sk
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from dlexp.errors import InputError
from dlexp.models.vision.googlenet import GoogLeNet
from dlexp.models.vision.octmnist_cnn import OCTMNISTCNN
from dlexp.optim.decay import parameter_groups
from dlexp.optim.schedules import constant, one_cycle
from dlexp.tasks.classification import Classification
from dlexp.tasks.classifier import judges

SHAPE, CLASSES = [1, 4, 4], 3
ONE_CYCLE = partial(one_cycle, start=0.1, peak=0.4, final=0.0, shape="cosine")


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, CLASSES))


def batches(count: int = 3, size: int = 6) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(size, *SHAPE, generator=generator), torch.randint(CLASSES, (size,), generator=generator))
        for _ in range(count)
    ]


def task(model: nn.Module, **changes) -> Classification:
    arguments = {
        "optimizer": partial(torch.optim.SGD, lr=0.1),
        "scheduler": constant,
        "input_shape": SHAPE,
        "num_classes": CLASSES,
        "label_smoothing": 0.0,
        "aux_weight": 0.3,
        "channels_last": False,
        "compile": False,
        "monitor": "val/accuracy",
        "mode": "max",
    }
    return Classification(model=model, **(arguments | changes))


def fit(module: Classification, train: list, val: list | None = None, **options) -> Trainer:
    trainer = runner(**options)
    trainer.fit(module, loader(train), loader(val) if val else None)
    return trainer


def loader(data: list) -> DataLoader:
    return DataLoader(data, batch_size=None)


pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers")
)


def test_training_equals_a_bare_loop():
    module = task(network(), optimizer=partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1), scheduler=ONE_CYCLE)
    trainer = fit(module, batches(), max_epochs=4)

    model = network()
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=0.01, weight_decay=0.1)
    scheduler = ONE_CYCLE(optimizer, total_steps=12)
    for _ in range(4):
        losses, hits = [], 0
        for x, y in batches():
            logits = model(x)
            loss = cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            hits += (logits.argmax(1) == y).sum().item()

    assert all(torch.equal(p, q) for p, q in zip(module.model.parameters(), model.parameters(), strict=True))
    assert trainer.callback_metrics["train/loss"].item() == pytest.approx(np.mean(losses))
    assert trainer.callback_metrics["train/accuracy"].item() == pytest.approx(hits / 18)
    assert trainer.callback_metrics["train/lr"].item() == pytest.approx(scheduler.get_last_lr()[0])


def test_label_smoothing_is_for_training_only():
    still = partial(torch.optim.SGD, lr=0.0)
    module = task(network(), optimizer=still, label_smoothing=0.2)
    trainer = fit(module, batches(1), batches(2))
    model = network()
    with torch.no_grad():
        ((x, y),) = batches(1)
        smoothed = -(0.8 * torch.eye(CLASSES)[y] + 0.2 / CLASSES) * model(x).log_softmax(1)
        x, y = (torch.cat(parts) for parts in zip(*batches(2), strict=True))
        plain = -model(x).log_softmax(1)[range(len(y)), y].mean()
    assert trainer.callback_metrics["train/loss"].item() == pytest.approx(smoothed.sum(1).mean().item())
    assert trainer.callback_metrics["val/loss"].item() == pytest.approx(plain.item())


class Auxiliary(nn.Module):
    """A network with two further heads, in training."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.heads = nn.ModuleList(nn.Linear(16, CLASSES) for _ in range(3))

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        logits = tuple(head(images.flatten(1)) for head in self.heads)
        return logits if self.training else logits[0]


def test_auxiliary_heads_are_weighted():
    trainer = fit(task(Auxiliary(), aux_weight=0.25, optimizer=partial(torch.optim.SGD, lr=0.0)), batches(1))
    ((x, y),) = batches(1)
    main, first, second = (cross_entropy(logits, y).item() for logits in Auxiliary()(x))
    found = trainer.callback_metrics
    assert found["train/loss"].item() == pytest.approx(main + 0.25 * (first + second))
    hits = (Auxiliary()(x)[0].argmax(1) == y).float().mean()
    assert found["train/accuracy"].item() == pytest.approx(hits.item())


def test_googlenet_learns_by_its_auxiliary_heads():
    shape = [1, 28, 28]
    model = GoogLeNet(
        image_shape=shape, num_classes=CLASSES, form="small", dropout=0.2, aux_heads=True, aux_dropout=0.7
    )
    before = {name: value.clone() for name, value in model.named_parameters()}
    fit(task(model, input_shape=shape), [(torch.randn(2, *shape), torch.tensor([0, 2]))])
    changed = {name.split(".")[0] for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in before} == changed


@pytest.mark.parametrize("classes", [4, 10])
def test_metrics_equal_scikit_learn(classes):
    random = np.random.default_rng(0)
    labels = random.integers(classes, size=300)
    logits = random.normal(size=(300, classes)) + 1.5 * np.eye(classes)[labels]
    shares = torch.tensor(logits).softmax(1)
    metrics = judges(classes)
    metrics.update(shares, torch.tensor(labels))
    found = {name: value.item() for name, value in metrics.compute().items()}

    guessed = logits.argmax(1)
    expected = {
        "accuracy": sk.accuracy_score(labels, guessed),
        "precision": sk.precision_score(labels, guessed, average="macro"),
        "recall": sk.recall_score(labels, guessed, average="macro"),
        "f1": sk.f1_score(labels, guessed, average="macro"),
        # as MedMNIST's getAUC: each class against the rest, and their mean
        "auc": np.mean([sk.roc_auc_score(labels == c, shares[:, c]) for c in range(classes)]),
    }
    if classes > 5:
        expected["top5_accuracy"] = sk.top_k_accuracy_score(labels, logits, k=5)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.filterwarnings("ignore:.*bfloat16")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("algorithm", ["norm", "value"])
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
def test_gradient_clipping_under_fused_optimizers(optimizer, algorithm, precision):
    """Of a step by SGD with lr 1, the weights move by the clipped gradient."""
    module = task(network(), optimizer=partial(optimizer, lr=1.0, weight_decay=0.0, fused=True))
    before = [p.detach().clone() for p in module.model.parameters()]
    fit(module, batches(1), precision=precision, gradient_clip_val=1e-3, gradient_clip_algorithm=algorithm)
    moved = torch.cat([(p.detach() - q).flatten() for p, q in zip(module.model.parameters(), before, strict=True)])
    assert moved.abs().max() > 0
    if optimizer is torch.optim.SGD:
        size = moved.norm() if algorithm == "norm" else moved.abs().max()
        assert size.item() == pytest.approx(1e-3, rel=1e-2)


def test_without_clipping_gradients_are_as_they_are():
    module = task(network(), optimizer=partial(torch.optim.SGD, lr=1.0, fused=True))
    before = [p.detach().clone() for p in module.model.parameters()]
    fit(module, batches(1))
    model = network()
    ((x, y),) = batches(1)
    cross_entropy(model(x), y).backward()
    for p, q, r in zip(module.model.parameters(), before, model.parameters(), strict=True):
        torch.testing.assert_close(p.detach(), q - r.grad)


def test_channels_last_gives_the_same_numbers():
    shape = [3, 16, 16]
    options = {"widths": [4, 8], "downsample": "pool", "dropout": 0.0, "hidden": 8, "classifier_dropout": 0.0}
    generator = torch.Generator().manual_seed(0)
    data = [(torch.randn(4, *shape, generator=generator), torch.tensor([0, 1, 2, 0])) for _ in range(2)]
    results = []
    for channels_last in (False, True):
        torch.manual_seed(0)
        model = OCTMNISTCNN(image_shape=shape, num_classes=CLASSES, **options)
        trainer = fit(task(model, input_shape=shape, channels_last=channels_last), data, data, max_epochs=2)
        weight = next(p for p in model.parameters() if p.ndim == 4)
        assert weight.is_contiguous(memory_format=torch.channels_last) or not channels_last
        results.append({name: value.item() for name, value in trainer.callback_metrics.items()})
    assert results[1] == pytest.approx(results[0], abs=1e-5)


def test_what_it_logs_is_what_it_says():
    """`logged` is what monitors are checked against before a run."""
    module = task(network())
    trainer = fit(module, batches(1), batches(1))
    found = set(trainer.callback_metrics)
    trainer.test(module, loader(batches(1)), verbose=False)
    assert found | set(trainer.callback_metrics) == module.logged


def test_compilation_changes_no_name_in_a_checkpoint():
    assert task(network(), compile=True).state_dict().keys() == task(network()).state_dict().keys()


def test_looking_whether_the_model_fits_leaves_it_as_it_was():
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, CLASSES))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    task(model)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(16, 5)), "gives .*5.* 3 classes"),
        (nn.Flatten(), "gives .*16.* 3 classes"),
        (nn.Sequential(nn.Flatten(), nn.Linear(9, 3)), "cannot take the data's 1x4x4 images"),
        (nn.Conv2d(3, 3, 3), "cannot take the data's 1x4x4 images"),
        (nn.Identity(), "outputs"),
    ],
    ids=["classes", "none", "pixels", "channels", "images"],
)
def test_a_model_that_does_not_fit(model, line):
    with pytest.raises(InputError, match=line):
        task(model)


def test_a_loss_that_is_no_number():
    module = task(network(), optimizer=partial(torch.optim.SGD, lr=float("inf")))
    with pytest.raises(InputError, match=r"the loss became nan in epoch 1, step \d.*optimizer\.lr"):
        fit(module, batches(3))


def test_it_is_seen_soon_in_a_long_epoch():
    module = task(network(), optimizer=partial(torch.optim.SGD, lr=float("inf")))
    with pytest.raises(InputError, match="step 3:"):
        fit(module, batches(50), log_every_n_steps=4)
