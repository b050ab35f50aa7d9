"""Rules for rows against dense updates and against Adagrad, one gradient after another."""

import torch

from dlexp.optim.rows import RowAdagrad, RowSGD

ROWS = torch.tensor([2, 0, 2, 4, 2])


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(6, 3), torch.randn(len(ROWS), 3)


def test_gradients_of_a_row_add_up():
    table, gradients = batch()
    dense = torch.zeros(6, 3)
    for row, gradient in zip(ROWS, gradients, strict=True):
        dense[row] += gradient
    expected = table - 0.1 * dense
    RowSGD().step(table, ROWS, gradients.clone(), torch.zeros(6), 0.1)
    torch.testing.assert_close(table, expected)


def test_adagrad_of_rows():
    table, gradients = batch()
    expected, state = table.clone(), torch.zeros(6)
    sums = torch.tensor([gradients[row == ROWS].square().mean(1).sum() for row in range(6)])
    for row, gradient in zip(ROWS, gradients, strict=True):
        expected[row] -= 0.1 * gradient / (sums[row] + 1e-8).sqrt()
    before = table.clone()
    RowAdagrad().step(table, ROWS, gradients.clone(), state, 0.1)
    torch.testing.assert_close(table, expected)
    torch.testing.assert_close(state, sums)
    assert torch.equal(table[[1, 3, 5]], before[[1, 3, 5]])


def test_adagrad_with_each_row_once_is_torchs_where_a_row_is_one_number():
    torch.manual_seed(1)
    theirs = torch.nn.Parameter(torch.randn(5, 1))
    table, state = theirs.detach().clone(), torch.zeros(5)
    optimizer = torch.optim.Adagrad([theirs], lr=0.2, eps=0)
    for _ in range(4):
        gradient = torch.randn(5, 1)
        theirs.grad = gradient.clone()
        optimizer.step()
        RowAdagrad().step(table, torch.arange(5), gradient.clone(), state, 0.2)
    torch.testing.assert_close(table, theirs.detach())


def test_no_gradient_no_step():
    table = torch.ones(2, 3)
    RowAdagrad().step(table, torch.tensor([1]), torch.zeros(1, 3), torch.zeros(2), 0.5)
    assert torch.equal(table, torch.ones(2, 3))
