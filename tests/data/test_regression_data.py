"""Rows with a number to be learned: a line whose truth is known, and the diabetes of scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import get_object
from omegaconf import OmegaConf
from sklearn.datasets import load_diabetes

from dlexp.errors import InputError

CONF = Path(__file__).parents[2] / "conf" / "data"


def make(name: str, **changes):
    """As the config has it, set up without a trainer."""
    nodes = [OmegaConf.load(CONF / f"{name}.yaml")]
    while "defaults" in nodes[0]:
        nodes.insert(0, OmegaConf.load(CONF / f"{nodes[0].pop('defaults')[0]}.yaml"))
    given = OmegaConf.to_container(OmegaConf.merge(*nodes, {"seed": 0}, changes))
    data = get_object(given.pop("_target_"))(**given)
    data.setup()
    return data


@pytest.mark.parametrize("name", ["line", "diabetes", "diabetes_all"])
def test_splits(name):
    data = make(name)
    assert data.num_classes == 0
    assert data.classes == ()
    for split in ("train", "val", "test"):
        x, y = data.features(split), data.labels(split)
        assert (x.dtype, y.dtype) == (torch.float32, torch.float32)
        assert x.shape == (len(y), *data.input_shape)
    assert data.input_shape == [len(data.columns)]
    (x, y), *more = data.train_dataloader()
    assert more == []  # one step an epoch
    assert sorted(y.tolist()) == sorted(data.labels("train").tolist())
    assert torch.equal(make(name, seed=1).features("train"), data.features("train"))


def test_the_line_is_the_one_that_was_asked_for():
    data = make("line", slope=[2.0, -1.0], intercept=3.0, noise=0.1, input_shape=[2], samples=5000, low=0, high=1)
    x, y = data.features("train").double().numpy(), data.labels("train").double().numpy()
    assert (x.min().item(), x.max().item()) == pytest.approx((0, 1), abs=0.01)
    solution = np.linalg.lstsq(np.c_[x, np.ones(len(x))], y, rcond=None)[0]
    assert solution == pytest.approx([2, -1, 3], abs=0.02)
    assert np.std(np.c_[x, np.ones(len(x))] @ solution - y) == pytest.approx(0.1, rel=0.05)
    assert data.columns == ("x1", "x2")


def test_another_draw_gives_other_rows_and_no_split_is_another():
    data, other = make("line"), make("line", draw=1)
    assert not torch.equal(data.features("train"), other.features("train"))
    assert not torch.equal(data.features("train")[:40], data.features("val"))


def test_diabetes_has_every_patient_once():
    data, table = (
        make("diabetes", standardize=False, features=["bp", "bmi"], input_shape=[2]),
        load_diabetes(scaled=False),
    )
    rows = torch.cat([torch.cat([data.features(s), data.labels(s)[:, None]], 1) for s in ("train", "val", "test")])
    expected = np.c_[table.data[:, [3, 2]], table.target].astype(np.float32)
    assert sorted(rows.tolist()) == sorted(expected.tolist())
    assert [len(data.labels(split)) for split in ("train", "val", "test")] == [310, 44, 88]


def test_only_training_rows_say_what_is_standard():
    data = make("diabetes_all")
    assert data.features("train").mean(0).abs().max() < 1e-6
    torch.testing.assert_close(data.features("train").std(0, correction=0), torch.ones(10))
    assert data.features("test").mean(0).abs().max() > 0.01


@pytest.mark.parametrize(
    ("name", "changes", "line"),
    [
        ("line", {"slope": [1, 2]}, r"data\.input_shape=\[1\], but the set has 2 columns"),
        ("line", {"samples": 1}, r"data\.samples=1: give a number of rows"),
        ("line", {"noise": -1}, r"data\.noise=-1"),
        ("line", {"low": 3, "high": 3}, r"data\.low=3, data\.high=3"),
        ("line", {"draw": -1}, r"data\.draw=-1"),
        ("diabetes", {"features": ["weight"]}, r"data\.features: there is no weight, choose from: age, sex, bmi"),
        ("diabetes", {"input_shape": [10]}, r"data\.input_shape=\[10\], but the set has 1 columns"),
        ("diabetes", {"test": 400}, r"data\.validation=44 and data\.test=400 leave too few of 442 rows"),
        ("diabetes", {"validation": 0}, r"data\.validation=0"),
    ],
)
def test_what_cannot_be(name, changes, line):
    with pytest.raises(InputError, match=line):
        make(name, **changes)
