"""The recurrent layers: ours against torch's fused ones, both ways in time, padded, and as they begin."""

import itertools

import pytest
import torch

from dlexp.errors import InputError
from dlexp.layers.recurrent.recurrent import LAYERS, Recurrent

PLAIN = {
    "input_size": 3,
    "hidden_size": 5,
    "layers": 1,
    "bidirectional": False,
    "dropout": 0.0,
    "activation": "tanh",
    "implementation": "torch",
    "initialisation": "default",
    "chrono": None,
}
KINDS = list(itertools.product(LAYERS, (1, 2), (False, True)))


def recurrent(cell, **changes):
    torch.manual_seed(0)
    return Recurrent(cell=cell, **(PLAIN | changes))


@pytest.mark.parametrize(("cell", "layers", "bidirectional"), KINDS)
def test_by_hand_and_fused_are_one_net_in_outputs_states_and_gradients(cell, layers, bidirectional):
    shape = {"layers": layers, "bidirectional": bidirectional}
    fused, by_hand = (recurrent(cell, implementation=name, **shape) for name in ("torch", "scratch"))
    found = []
    for net in (fused, by_hand):
        x = torch.randn(4, 7, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
        outputs, state = net(x)
        (outputs.square().sum() + sum(part.sum() for part in state)).backward()
        gradients = sorted((p.grad for p in net.parameters()), key=lambda grad: (grad.ndim, grad.shape[-1]))
        found.append([outputs, *state, x.grad, *gradients])
    for ours, theirs in zip(*found[::-1], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("cell", "layers", "bidirectional"), KINDS)
def test_a_stack_is_torchs_own_stack(cell, layers, bidirectional):
    net = recurrent(cell, layers=layers, bidirectional=bidirectional)
    theirs = LAYERS[cell](3, 5, num_layers=layers, bidirectional=bidirectional, batch_first=True)
    ends = [f"_l{layer}{way}" for layer in range(layers) for way in ([""] + ["_reverse"] * bidirectional)]
    with torch.no_grad():
        for end, walk in zip(ends, net.walks, strict=True):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(theirs, name + end).copy_(getattr(walk.layer, f"{name}_l0"))
    x = torch.randn(4, 7, 3)
    outputs, state = net(x)
    expected, last = theirs(x)
    torch.testing.assert_close(outputs, expected)
    for part, other in zip(state, last if cell == "lstm" else (last,), strict=True):
        torch.testing.assert_close(part, other.transpose(0, 1))


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("implementation", ["torch", "scratch"])
def test_padding_changes_nothing(cell, implementation):
    net = recurrent(cell, layers=2, bidirectional=True, implementation=implementation)
    lengths = torch.tensor([7, 3, 1, 5])
    x = torch.randn(4, 7, 3)
    outputs, _ = net(x, lengths=lengths)
    ends = net.at_the_end(outputs, lengths)
    for row, length in enumerate(lengths):
        alone, _ = net(x[row : row + 1, :length])
        torch.testing.assert_close(outputs[row : row + 1, :length], alone)
        torch.testing.assert_close(ends[row : row + 1], net.at_the_end(alone, None))


@pytest.mark.parametrize("cell", LAYERS)
def test_a_sequence_in_two_parts_with_the_state_between_them_is_the_whole(cell):
    net = recurrent(cell, layers=2)
    x = torch.randn(4, 7, 3)
    whole, last = net(x)
    first, state = net(x[:, :4])
    second, end = net(x[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(end, last)


def test_an_irnn_holds_a_number_for_ever():
    net = recurrent("elman", activation="relu", initialisation="identity", hidden_size=4)
    state = (torch.tensor([[[0.0, 1.0, 2.0, 0.5]]]),)
    outputs, last = net(torch.zeros(1, 300, 3), state)
    torch.testing.assert_close(outputs[:, -1:], state[0])
    torch.testing.assert_close(last, state)


@pytest.mark.parametrize("implementation", ["torch", "scratch"])
def test_an_irnn_begins_as_in_the_paper(implementation):
    """A unit matrix, no bias, and small numbers for the inputs."""
    net = recurrent("elman", initialisation="identity", input_size=40, hidden_size=500, implementation=implementation)
    from_input, from_state, *biases = sorted(net.parameters(), key=lambda weight: (-weight.ndim, weight.shape[-1]))
    assert torch.equal(from_state.detach(), torch.eye(500))
    assert from_input.shape == (500, 40)
    assert from_input.std().item() == pytest.approx(0.001, rel=0.03)
    assert abs(from_input.mean().item()) < 5e-5
    assert from_input.abs().max().item() > 0.003  # a normal distribution, of 20,000
    assert not any(bias.any() for bias in biases)


def test_the_shortest_chrono_is_two_steps_for_all():
    layer = recurrent("lstm", hidden_size=8, chrono=2).walks[0].layer
    assert not layer.bias_ih_l0[:16].any()  # half of what is there is admitted and half is kept


def test_orthogonal_weights_keep_lengths():
    for cell, gates in (("elman", 1), ("lstm", 4), ("gru", 3)):
        net = recurrent(cell, initialisation="orthogonal")
        for part in net.walks[0].layer.weight_hh_l0.detach().split(5):
            torch.testing.assert_close(part @ part.T, torch.eye(5))
        assert len(net.walks[0].layer.weight_hh_l0) == 5 * gates
        assert not net.walks[0].layer.bias_hh_l0.any()


@pytest.mark.parametrize(
    ("cell", "forget", "admit"), [("lstm", slice(64, 128), slice(0, 64)), ("gru", slice(64, 128), None)]
)
def test_chrono_gates_forget_after_two_to_so_many_steps(cell, forget, admit):
    layer = recurrent(cell, hidden_size=64, chrono=100).walks[0].layer
    keep = layer.bias_ih_l0.detach()[forget]
    steps = 1 / (1 - keep.sigmoid())  # after which a unit has forgotten all but 1/e of a number
    assert 2 - 1e-4 <= steps.min() < 20
    assert 80 < steps.max() <= 100 + 1e-3
    assert not layer.bias_hh_l0.any()
    if admit:
        torch.testing.assert_close(layer.bias_ih_l0.detach()[admit], -keep)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cell": "lstn"}, "model.cell=lstn"),
        ({"hidden_size": 0}, "model.hidden_size=0"),
        ({"layers": 0}, "model.layers=0"),
        ({"dropout": 1.0}, "model.dropout=1.0"),
        ({"activation": "gelu"}, "model.activation=gelu"),
        ({"implementation": "numpy"}, "model.implementation=numpy"),
        ({"initialisation": "zeros"}, "model.initialisation=zeros"),
        ({"cell": "elman", "chrono": 50}, "elman has no gate that forgets"),
        ({"chrono": 1}, "model.chrono=1: .*2 or more"),
        ({"chrono": True}, "model.chrono=True"),
        ({"hidden_size": True}, "model.hidden_size=True: give a whole number"),
        ({"dropout": "half"}, "model.dropout=half"),
        ({"cell": ["lstm"]}, r"model.cell=\['lstm'\] is not an option, choose one of: elman, lstm, gru"),
        ({"initialisation": ["a"]}, r"model.initialisation=\['a'\] is not an option"),
        ({"initialisation": "identity"}, "model.initialisation=identity .*gates, such as lstm"),
        ({"cell": "gru", "initialisation": "identity"}, "model.initialisation=identity .*gates, such as gru"),
        ({"activation": "relu"}, "model.activation=relu: lstm has activations of its own"),
        ({"cell": "gru", "activation": "relu"}, "model.activation=relu: gru"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(changes, said):
    with pytest.raises(InputError, match=said) as error:
        recurrent(**({"cell": "lstm"} | changes))
    assert "\n" not in str(error.value)


def test_both_implementations_have_as_many_weights():
    for cell in LAYERS:
        counts = {
            sum(p.numel() for p in recurrent(cell, implementation=name).parameters()) for name in ("torch", "scratch")
        }
        assert counts == {{"elman": 1, "lstm": 4, "gru": 3}[cell] * 5 * (3 + 5 + 2)}
