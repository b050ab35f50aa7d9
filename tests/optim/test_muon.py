"""Muon against torch.optim.Muon and torch.optim.AdamW, and its orthogonal updates against the SVD."""

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from dlexp.errors import InputError
from dlexp.optim.decay import parameter_groups
from dlexp.optim.muon import Muon, orthogonalise
from dlexp.optim.schedules import cosine

COEFFICIENTS = [3.4445, -4.7750, 2.0315]
SETTINGS: dict[str, Any] = {
    "lr": 0.02,
    "momentum": 0.95,
    "nesterov": True,
    "weight_decay": 0.1,
    "ns_coefficients": COEFFICIENTS,
    "ns_steps": 5,
    "adamw_lr": 0.003,
    "adamw_betas": [0.9, 0.99],
    "adamw_eps": 1e-8,
}


def parameters(shapes: list[tuple[int, ...]]) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]


def walk(optimizer: Optimizer, params: list[nn.Parameter], steps: int, seed: int = 1) -> list[Tensor]:
    """Take `steps` along the same random gradients every time; the parameters after each step, flattened."""
    generator = torch.Generator().manual_seed(seed)
    path = []
    for _ in range(steps):
        for p in params:
            # As many numbers for a filter as for its matrix, so that both see the same gradient.
            p.grad = torch.randn(p.numel(), generator=generator).reshape(p.shape)
        optimizer.step()
        path.append(torch.cat([p.detach().flatten() for p in params]))
    return path


@pytest.mark.parametrize("nesterov", [True, False])
def test_matrices_follow_torchs_muon(nesterov: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # torch iterates in bfloat16 on every device; in float32 both must agree closely.
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())
    shapes = [(8, 8), (12, 5), (5, 12), (12, 5)]  # square, tall, wide, and one shape twice
    ours, theirs = parameters(shapes), parameters(shapes)
    reference = torch.optim.Muon(
        theirs, lr=0.02, momentum=0.95, nesterov=nesterov, weight_decay=0.1, adjust_lr_fn="original"
    )
    settings = {**SETTINGS, "nesterov": nesterov}
    for a, b in zip(walk(Muon(ours, **settings), ours, 6), walk(reference, theirs, 6), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_matrices_follow_torchs_muon_in_bfloat16_roughly() -> None:
    ours, theirs = parameters([(12, 5)]), parameters([(12, 5)])
    reference = torch.optim.Muon(theirs, lr=0.02, momentum=0.95, weight_decay=0.1)
    for a, b in zip(walk(Muon(ours, **SETTINGS), ours, 3), walk(reference, theirs, 3), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=3 * 0.02 * 0.03)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_filters_count_as_matrices(memory_format: torch.memory_format) -> None:
    filters = [nn.Parameter(p.to(memory_format=memory_format)) for p in parameters([(6, 4, 3, 3)])]
    matrices = [nn.Parameter(p.detach().flatten(1)) for p in parameters([(6, 4, 3, 3)])]
    ours, reference = Muon(filters, **SETTINGS), Muon(matrices, **SETTINGS)
    for a, b in zip(walk(ours, filters, 3), walk(reference, matrices, 3), strict=True):
        torch.testing.assert_close(a, b)
    assert filters[0].is_contiguous(memory_format=memory_format)


def test_everything_else_follows_torchs_adamw() -> None:
    shapes: list[tuple[int, ...]] = [(7,), (), (3,)]
    ours, theirs = parameters(shapes), parameters(shapes)
    reference = torch.optim.AdamW(theirs, lr=0.003, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    for a, b in zip(walk(Muon(ours, **SETTINGS), ours, 20), walk(reference, theirs, 20), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_a_step_count_is_each_parameters_own() -> None:
    def late(optimizer: Optimizer, params: list[nn.Parameter]) -> Tensor:
        walk(optimizer, params[:1], 5)  # the second has no gradient yet
        return walk(optimizer, params, 3)[-1]

    ours, theirs = parameters([(4,), (4,)]), parameters([(4,), (4,)])
    reference = torch.optim.AdamW(theirs, lr=0.003, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    torch.testing.assert_close(late(Muon(ours, **SETTINGS), ours), late(reference, theirs))


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 48, 16), (2, 16, 48)])
def test_orthogonalise_keeps_singular_vectors_and_evens_out_singular_values(shape: tuple[int, ...]) -> None:
    # Singular values from 0.05 to 1 on known singular vectors.
    torch.manual_seed(0)
    short = min(shape[1:])
    left = torch.linalg.qr(torch.randn(shape[0], shape[1], short)).Q
    right = torch.linalg.qr(torch.randn(shape[0], shape[2], short)).Q
    matrices = left * torch.linspace(0.05, 1, short) @ right.mT
    result = orthogonalise(matrices, coefficients=COEFFICIENTS, steps=5)
    assert result.shape == shape
    middle = left.mT @ result @ right  # diagonal when the singular vectors are the same
    values = middle.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(middle, torch.diag_embed(values), rtol=0, atol=1e-4)
    assert values.min() > 0.65
    assert values.max() < 1.25


def test_orthogonalise_is_blind_to_scale_and_survives_zeros() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(2, 6, 4)
    expected = orthogonalise(matrices, coefficients=COEFFICIENTS, steps=5)
    torch.testing.assert_close(orthogonalise(1e-3 * matrices, coefficients=COEFFICIENTS, steps=5), expected)
    assert not orthogonalise(torch.zeros(2, 6, 4), coefficients=COEFFICIENTS, steps=5).any()


def test_groups_are_split_and_keep_their_own_weight_decay() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    optimizer = Muon(parameter_groups(model), **SETTINGS)
    seen = [(g["method"], g["lr"], g["weight_decay"]) for g in optimizer.param_groups]
    assert seen == [("muon", 0.02, 0.1), ("adamw", 0.003, 0.0)]
    plain = Muon(model.parameters(), **SETTINGS)
    assert [len(group["params"]) for group in plain.param_groups] == [1, 3]


def test_a_scheduler_scales_both_learning_rates_alike() -> None:
    optimizer = Muon(parameter_groups(nn.Linear(3, 2)), **SETTINGS)
    scheduler = cosine(optimizer, total_steps=10, warmup=0.5, final=0.0)
    for _ in range(4):
        optimizer.step()
        scheduler.step()
    rates = [group["lr"] for group in optimizer.param_groups]
    assert rates == pytest.approx([0.02 * 0.9, 0.003 * 0.9])


def test_resuming_is_bit_exact() -> None:
    shapes: list[tuple[int, ...]] = [(6, 4), (6, 2, 1, 2), (5,)]
    straight, resumed = parameters(shapes), parameters(shapes)
    optimizer = Muon(straight, **SETTINGS)
    walk(optimizer, straight, 4)
    file = io.BytesIO()
    torch.save({"params": [p.data for p in straight], "optimizer": optimizer.state_dict()}, file)
    expected = walk(optimizer, straight, 4, seed=2)[-1]

    file.seek(0)
    saved = torch.load(file, weights_only=True)
    again = Muon(resumed, **SETTINGS)
    again.load_state_dict(saved["optimizer"])
    for p, value in zip(resumed, saved["params"], strict=True):
        p.data.copy_(value)
    assert torch.equal(walk(again, resumed, 4, seed=2)[-1], expected)


def test_a_closure_gives_the_loss_and_the_gradients() -> None:
    (p,) = parameters([(3, 3)])
    optimizer = Muon([p], **SETTINGS)
    before = p.detach().clone()

    def closure() -> Tensor:
        loss = p.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(before.square().sum().item())
    assert not torch.equal(p, before)


@pytest.mark.parametrize("key", ["lr", "adamw_lr", "weight_decay"])
def test_negative_values_name_their_key(key: str) -> None:
    with pytest.raises(InputError, match=rf"optimizer\.{key}=-1"):
        Muon(parameters([(2, 2)]), **{**SETTINGS, key: -1})
