"""Which images the figure of mistakes shows, and what the confusion matrix counts."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from dlexp.callbacks.classification_figures import ClassificationFigures

CLASSES = ("a", "b", "c")


@pytest.fixture
def drawn(monkeypatch) -> dict:
    """What would have been drawn."""
    calls = {}
    for name in ("confusion_matrix", "mistakes"):
        monkeypatch.setattr(f"dlexp.reporting.plots.{name}", lambda *args, name=name: calls.update({name: args}))
    monkeypatch.setattr("dlexp.callbacks.classification_figures.keep_figure", lambda *args: None)
    return calls


def show(logits: torch.Tensor, labels: torch.Tensor, mistakes: int = 24, **trainer) -> None:
    images = torch.arange(len(labels), dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 2, 2)
    data = SimpleNamespace(classes=CLASSES, images=lambda split: images)
    module = SimpleNamespace(outputs=list(zip(logits.split(4), labels.split(4), strict=True)))
    stub = SimpleNamespace(**({"world_size": 1, "fast_dev_run": False, "datamodule": data} | trainer))
    ClassificationFigures(folder="unused", mistakes=mistakes).on_test_end(stub, module)


def test_the_most_confident_mistakes_come_first(drawn):
    torch.manual_seed(0)
    logits, labels = 3 * torch.randn(30, 3), torch.randint(3, (30,))
    show(logits, labels, mistakes=5)
    guessed, confidence = logits.argmax(1), logits.softmax(1).max(1).values
    wrong = [i for i in np.argsort(-confidence.numpy(), kind="stable") if guessed[i] != labels[i]][:5]
    images, true, predicted, sure, classes = drawn["mistakes"]
    assert images[:, 0, 0, 0].tolist() == wrong
    assert true.tolist() == labels[wrong].tolist()
    assert predicted.tolist() == guessed[wrong].tolist()
    assert sure.tolist() == confidence[wrong].tolist()
    assert classes == CLASSES
    counts, _ = drawn["confusion_matrix"]
    assert (counts == confusion_matrix(labels, guessed)).all()


def test_without_mistakes_there_is_no_figure_of_them(drawn):
    labels = torch.arange(9) % 3
    show(torch.eye(3)[labels], labels)
    assert drawn.keys() == {"confusion_matrix"}


@pytest.mark.parametrize("trainer", [{"world_size": 2}, {"fast_dev_run": True}])
def test_of_a_part_of_the_split_nothing_is_drawn(drawn, trainer):
    show(torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64), **trainer)
    assert drawn == {}
