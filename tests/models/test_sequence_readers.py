"""What reads a sequence and says one number: every model of conf/, what each step sees, and where gradients end."""

from pathlib import Path

import numpy as np
import pytest
import torch
from headers import around
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.models.sequence.recurrent_reader import RecurrentReader
from dlexp.models.sequence.tcn import TCN, receptive_field
from dlexp.models.sequence.transformer_reader import TransformerReader

CONF = Path(__file__).parents[2] / "conf"
MODELS = [
    path.stem for path in sorted((CONF / "model").glob("*.yaml")) if around(f"model/{path.stem}") == ["task=adding"]
]
PARAMETERS = {  # by hand, of sequences of two numbers
    "elman": 64 * (2 + 64 + 2) + 65,
    "irnn": 64 * (2 + 64 + 2) + 65,
    "lstm": 4 * 64 * (2 + 64 + 2) + 65,
    "gru": 3 * 64 * (2 + 64 + 2) + 65,
    "lstm_bidirectional": 2 * 4 * 64 * (2 + 64 + 2) + 129,
    "gru_bidirectional": 2 * 3 * 64 * (2 + 64 + 2) + 129,
}


def build(model: str, length: int, *words: str) -> nn.Module:
    data = [f"+data.input_shape=[{length},2]", f"+data.length={length}"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return instantiate(compose(overrides=[f"+model={model}", *data, *words]).model)


def reader(**changes) -> RecurrentReader:
    arguments = {"input_shape": [9, 2], "cell": "lstm", "hidden_size": 5, "layers": 2, "bidirectional": False}
    arguments |= {"dropout": 0.0, "activation": "tanh", "implementation": "torch", "initialisation": "default"}
    torch.manual_seed(0)
    return RecurrentReader(**(arguments | {"chrono": None, "truncate": None} | changes)).double()


def tcn(length: int = 9, kernel_size: int = 2, blocks: int = 3, channels: int = 4, dropout: float = 0.0) -> TCN:
    torch.manual_seed(0)
    shape = [length, 2]
    return TCN(input_shape=shape, channels=channels, kernel_size=kernel_size, blocks=blocks, dropout=dropout).double()


def sequences(length: int = 9, count: int = 3) -> Tensor:
    return torch.rand(count, length, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def reached(model: nn.Module, x: Tensor) -> list[bool]:
    """Which time steps a gradient of the answers arrives at."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x).sum(), x)
    return (gradient != 0).any(dim=2).any(dim=0).tolist()


# --- all of them ------------------------------------------------------------------------------------------


def test_all_are_there():
    names = {"elman", "irnn", "lstm", "gru", "lstm_bidirectional", "gru_bidirectional", "tcn", "transformer_reader"}
    assert set(MODELS) == names


@pytest.mark.parametrize("model", MODELS)
def test_reads_a_sequence_and_says_one_number(model, count_parameters):
    network = build(model, 12)
    x = sequences(12, 4).float()
    answers = network(x)
    assert answers.shape == (4, 1)
    torch.testing.assert_close(network(x[1:2]), answers[1:2])  # one sequence knows nothing of the others
    assert network(x[:, :5]).shape == (4, 1)  # shorter ones will do
    answers.square().mean().backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())
    assert all(reached(network, x))
    if model in PARAMETERS:
        assert count_parameters(network) == PARAMETERS[model]


@pytest.mark.parametrize("model", ["elman", "irnn", "lstm", "gru", "lstm_bidirectional", "gru_bidirectional"])
def test_by_torch_or_by_hand(model):
    torch.manual_seed(2)
    ours = build(model, 12, "model.implementation=scratch")
    torch.manual_seed(2)
    theirs = build(model, 12)
    torch.testing.assert_close(ours(sequences(12).float()), theirs(sequences(12).float()))


def test_an_irnn_begins_as_a_memory():
    """Its state stays: the answer to numbers that are followed by nothing is that to the numbers alone."""
    network = build("irnn", 12)
    x = 1000 * sequences(12).float()  # its input weights are small
    assert network(x).std() > 1e-2
    silent = torch.cat([x, torch.zeros(3, 50, 2)], dim=1)
    torch.testing.assert_close(network(silent), network(x))
    other = build("elman", 12)
    assert not torch.allclose(other(silent), other(x), atol=1e-3)


@pytest.mark.parametrize("shape", [[1, 28, 28], [2], []])
@pytest.mark.parametrize("model", ["lstm", "tcn", "transformer_reader"])
def test_refuses_what_is_no_sequence(model, shape):
    from hydra.errors import InstantiationException

    words = [f"+data.input_shape={shape}", "+data.length=9"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(overrides=[f"+model={model}", *words]).model
    with pytest.raises((InputError, InstantiationException), match="reads sequences"):
        instantiate(config)


# --- truncated back-propagation through time ------------------------------------------------------------


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_truncation_changes_no_answer_but_ends_the_gradient(cell):
    whole, cut = reader(cell=cell), reader(cell=cell, truncate=4)
    x = sequences()
    torch.testing.assert_close(cut(x), whole(x))
    assert reached(whole, x) == [True] * 9
    assert reached(cut, x) == [False] * 5 + [True] * 4
    assert reached(reader(cell=cell, truncate=9), x) == reached(reader(cell=cell, truncate=20), x) == [True] * 9


def test_a_truncated_gradient_is_that_of_the_last_steps():
    """By hand: the state before them is a number that was given, and detached."""
    cut = reader(truncate=4)
    x = sequences()
    cut(x).square().sum().backward()
    found = [weight.grad.clone() for weight in cut.parameters()]

    plain = reader()
    _, state = plain.net(x[:, :5])
    outputs, _ = plain.net(x[:, 5:], tuple(part.detach() for part in state))
    plain.answer(outputs[:, -1]).square().sum().backward()
    for ours, weight in zip(found, plain.parameters(), strict=True):
        torch.testing.assert_close(ours, weight.grad)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"truncate": 0}, r"model\.truncate=0"),
        ({"truncate": 2.5}, r"model\.truncate=2\.5"),
        ({"truncate": True}, r"model\.truncate=True"),
        ({"layers": 1, "dropout": 0.5}, r"model\.dropout=0\.5 .*model\.layers=1"),
        ({"truncate": 4, "bidirectional": True}, r"model\.truncate=4 .*both ways"),
        ({"cell": "elman", "chrono": 9}, r"model\.chrono=9: elman has no gate"),
        ({"cell": "rnn"}, r"model\.cell=rnn .*elman, lstm, gru"),
    ],
)
def test_bad_arguments_of_a_recurrent_reader(changes, line):
    with pytest.raises(InputError, match=line):
        reader(**changes)


# --- the temporal convolutional net ----------------------------------------------------------------------


def by_loops(model: TCN, x: np.ndarray) -> np.ndarray:
    """Features (B, C, T) of inputs (B, T, D), by sums over taps; weights are normed by hand: g v / |v|."""
    out = x.transpose(0, 2, 1)  # (B, D, T)
    for place, block in enumerate(model.blocks):
        inner = out
        for convolution in (block.first, block.second):
            parts = convolution.parametrizations.weight
            length, direction = parts.original0.detach().numpy(), parts.original1.detach().numpy()
            weight = length * direction / np.sqrt(np.square(direction).sum((1, 2), keepdims=True))  # (C, D, K)
            new = np.zeros((len(inner), len(weight), inner.shape[2])) + convolution.bias.detach().numpy()[:, None]
            taps = weight.shape[2]
            for t in range(inner.shape[2]):
                for k in range(taps):
                    then = t - (taps - 1 - k) * 2**place
                    if then >= 0:
                        new[:, :, t] += inner[:, :, then] @ weight[:, :, k].T
            inner = np.maximum(new, 0)
        if not isinstance(block.around, nn.Identity):
            out = np.einsum("cd,bdt->bct", block.around.weight[:, :, 0].detach().numpy(), out)
            out = out + block.around.bias.detach().numpy()[:, None]
        out = np.maximum(inner + out, 0)
    return out


@pytest.mark.parametrize(("kernel_size", "blocks"), [(2, 3), (3, 2), (5, 1)])
def test_a_tcn_is_dilated_causal_convolutions(kernel_size, blocks):
    model, x = tcn(7, kernel_size=kernel_size, blocks=blocks), sequences(7)
    features = by_loops(model, x.numpy())
    np.testing.assert_allclose(model.blocks(x.transpose(1, 2)).detach().numpy(), features, atol=1e-12)
    answer = features[:, :, -1] @ model.answer.weight.detach().numpy().T + model.answer.bias.detach().numpy()
    np.testing.assert_allclose(model(x).detach().numpy(), answer, atol=1e-12)


def test_no_step_of_a_tcn_sees_a_later_one():
    model, x = tcn(), sequences()
    before = model.blocks(x.transpose(1, 2))
    for time in range(1, 9):
        changed = x.clone()
        changed[:, time:] += 1
        after = model.blocks(changed.transpose(1, 2))
        assert torch.equal(after[:, :, :time], before[:, :, :time])
        assert not torch.equal(after[:, :, time:], before[:, :, time:])


@pytest.mark.parametrize(("kernel_size", "blocks"), [(2, 1), (2, 3), (3, 2), (4, 2)])
def test_a_tcn_sees_as_far_as_it_says(kernel_size, blocks):
    sees = receptive_field(kernel_size, blocks)
    model = tcn(sees, kernel_size=kernel_size, blocks=blocks, channels=16)
    assert model.sees == sees
    longer = sequences(sees + 6, 20)
    assert reached(model, longer) == [False] * 6 + [True] * sees


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"length": 16}, r"model\.blocks=3 and model\.kernel_size=2 .* last 15 of 16 steps: set model\.blocks=4"),
        ({"length": 600, "kernel_size": 6, "blocks": 5}, r"last 311 of 600 .*model\.blocks=6"),
        ({"blocks": 0}, r"model\.blocks=0"),
        ({"kernel_size": 1}, r"model\.kernel_size=1.* 2 or more"),
        ({"channels": 2.5}, r"model\.channels=2\.5"),
        ({"channels": True}, r"model\.channels=True"),
        ({"dropout": 1}, r"model\.dropout=1"),
    ],
)
def test_bad_arguments_of_a_tcn(changes, line):
    with pytest.raises(InputError, match=line):
        tcn(**changes)


# --- the Transformer --------------------------------------------------------------------------------------


def transformer(**changes) -> TransformerReader:
    torch.manual_seed(0)
    arguments = {"input_shape": [9, 2], "size": 8, "heads": 2, "blocks": 2, "dropout": 0.0}
    return TransformerReader(**(arguments | changes)).double()


def test_a_transformer_reader_is_torchs_encoder_with_a_vector_ahead():
    model, x = transformer(), sequences()
    places = torch.arange(9, dtype=torch.float64)[:, None] / 10_000 ** (torch.arange(0, 8, 2) / 8)  # (T, 4)
    table = torch.stack([places.sin(), places.cos()], dim=2).flatten(1)  # (T, E)
    seen = torch.cat([model.reader.expand(3, 1, 8), model.embed(x) + table], dim=1)
    for block in model.blocks:
        twin = nn.TransformerEncoderLayer(8, 2, 32, 0.0, nn.functional.gelu, batch_first=True, norm_first=True).double()
        ours = block.attention
        projections = (ours.query, ours.key, ours.value)
        twin.load_state_dict(
            {
                "self_attn.in_proj_weight": torch.cat([part.weight for part in projections]),
                "self_attn.in_proj_bias": torch.cat([part.bias for part in projections]),
                "self_attn.out_proj.weight": ours.output.weight,
                "self_attn.out_proj.bias": ours.output.bias,
                "norm1.weight": block.norm.weight,
                "norm1.bias": block.norm.bias,
                "norm2.weight": block.feedforward[0].weight,
                "norm2.bias": block.feedforward[0].bias,
                "linear1.weight": block.feedforward[1].weight,
                "linear1.bias": block.feedforward[1].bias,
                "linear2.weight": block.feedforward[4].weight,
                "linear2.bias": block.feedforward[4].bias,
            }
        )
        seen = twin(seen)
    torch.testing.assert_close(model(x), model.answer(model.norm(seen[:, 0])), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"blocks": 0}, r"model\.blocks=0"),
        ({"size": True}, r"model\.size=True"),
        ({"heads": 3}, r"model\.heads=3 does not divide model\.size=8"),
        ({"dropout": -0.1}, r"model\.dropout=-0\.1"),
    ],
)
def test_bad_arguments_of_a_transformer(changes, line):
    with pytest.raises(InputError, match=line):
        transformer(**changes)
