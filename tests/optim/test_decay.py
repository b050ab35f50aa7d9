"""Parameter groups: who decays, in which order, and how often."""

import torch
from torch import nn

from dlexp.optim.decay import parameter_groups


class Tied(nn.Module):
    """A language model's ends: the output matrix is the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 3)
        self.norm = nn.LayerNorm(3)
        self.gate = nn.Parameter(torch.zeros(()))
        self.output = nn.Linear(3, 7)
        self.output.weight = self.embedding.weight


def test_matrices_and_filters_decay_and_norms_and_biases_do_not() -> None:
    convolution, norm, linear = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2)
    decayed, exempt = parameter_groups(nn.Sequential(convolution, norm, linear))
    assert list(map(id, decayed["params"])) == [id(convolution.weight), id(linear.weight)]
    expected = [convolution.bias, norm.weight, norm.bias, linear.bias]
    assert list(map(id, exempt["params"])) == list(map(id, expected))
    assert "weight_decay" not in decayed
    assert exempt["weight_decay"] == 0.0


def test_the_optimizers_weight_decay_reaches_the_first_group_alone() -> None:
    optimizer = torch.optim.SGD(parameter_groups(nn.Linear(3, 2)), lr=0.1, weight_decay=0.3)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0]


def test_a_shared_parameter_stands_once_and_an_embedding_decays() -> None:
    model = Tied()
    decayed, exempt = parameter_groups(model)
    assert list(map(id, decayed["params"])) == [id(model.embedding.weight)]
    assert len(exempt["params"]) == 4  # gate, scale, shift, bias


def test_frozen_parameters_and_empty_groups_are_left_out() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2, bias=False))
    model[0].requires_grad_(False)
    assert [len(group["params"]) for group in parameter_groups(model)] == [1]
    assert "weight_decay" not in parameter_groups(model)[0]
    assert [group["weight_decay"] for group in parameter_groups(nn.BatchNorm1d(3))] == [0.0]
    assert parameter_groups(nn.ReLU()) == []
