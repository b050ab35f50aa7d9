"""What the commonest answer is worth."""

from types import SimpleNamespace

import pytest
import torch

from dlexp.callbacks.majority import Majority


def test_the_commonest_class_of_training_is_judged_on_the_other_splits():
    labels = {"train": [1, 1, 0, 1, 2], "val": [0, 0, 1, 2], "test": [1, 1, 0]}
    data = SimpleNamespace(labels=lambda split: torch.tensor(labels[split]))
    said = {}
    module = SimpleNamespace(log=lambda name, value: said.update({name: value.item()}))
    majority = Majority()
    majority.on_validation_epoch_end(SimpleNamespace(datamodule=data), module)
    majority.on_test_epoch_end(SimpleNamespace(datamodule=data), module)
    assert said == {"val/majority_accuracy": 0.25, "test/majority_accuracy": pytest.approx(2 / 3)}
    assert said.keys() == Majority.logged
