"""All inputs of -1 and +1: each once, with the right label; a sample where they are too many."""

from itertools import product

import pytest
import torch

from dlexp.data.hypercube import Hypercube
from dlexp.errors import InputError


def cube(**changes) -> Hypercube:
    arguments = {"dimension": 4, "low": 0, "high": 2, "inputs": 4096, "draw": 0} | changes
    table = {"num_classes": 2, "batch_size": 8, "eval_batch_size": 8, "seed": 0}
    return Hypercube(input_shape=[arguments["dimension"]], **arguments, **table)


def test_every_input_once():
    data = cube()
    data.setup()
    expected = list(product([-1.0, 1.0], repeat=4))
    for split in ("train", "val", "test"):
        assert data.features(split).tolist() == [list(x) for x in expected]
        assert data.labels(split).tolist() == [int(0 <= sum(x) <= 2) for x in expected]


def test_a_sample_of_many():
    data, again, other = (
        cube(dimension=40, inputs=500),
        cube(dimension=40, inputs=500),
        cube(dimension=40, inputs=500, draw=1),
    )
    for one in (data, again, other):
        one.setup()
    x, labels = data.features("test"), data.labels("test")
    assert x.shape == (500, 40)
    assert x.abs().eq(1).all()
    assert torch.equal(labels, ((x.sum(1) >= 0) & (x.sum(1) <= 2)).long())
    assert torch.equal(x, again.features("train"))
    assert not torch.equal(x, other.features("train"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 3}, "data.low=3 is above data.high=2"),
        ({"high": 2.5}, "data.high=2.5 does not work: give a whole number"),
        ({"dimension": 0}, "data.dimension=0"),
        ({"dimension": 1001}, "from 1 to 1,000"),
        ({"inputs": 0}, "data.inputs=0"),
        ({"draw": -1}, "data.draw=-1"),
    ],
)
def test_what_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        cube(**changes)
