"""The figure of gradient descent, with one feature and with several."""

import numpy as np
import pytest

from dlexp.reporting.descent import descent


def walk(features: int, steps: int) -> dict:
    random = np.random.default_rng(0)
    x = random.normal(size=(30, features))
    solution = np.arange(1.0, features + 2)
    y = x @ solution[:-1] + solution[-1]
    by_hand = solution * (1 - 0.9 ** np.arange(steps)[:, None])  # (S, D + 1)
    path = np.stack([by_hand, by_hand + 1e-7], 1)
    path[0, 1] = path[0, 0]  # they begin together
    return {"path": path, "solution": solution, "x": x, "y": y, "columns": [f"x{i}" for i in range(features)]}


@pytest.mark.parametrize("steps", [2, 700])
def test_one_feature(assert_drawn, steps):
    figure = descent(**walk(1, steps))
    assert_drawn(figure)
    surface, line, distance = figure.axes
    by_hand, torch, start, goal = surface.lines
    assert by_hand.get_xydata()[-1] == pytest.approx(walk(1, steps)["path"][-1, 0])
    assert torch.get_xydata().shape == (steps, 2)
    assert start.get_xydata().tolist() == [[0, 0]]
    assert goal.get_xydata().tolist() == [[1, 2]]
    assert f"step {1 if steps == 2 else 500}" in [text.get_text() for text in line.texts]
    assert [text.get_text() for text in distance.texts] == ["by hand", "torch.nn", "between both"]


def test_lines_of_equal_loss_are_those_of_the_rows():
    """The surface is computed from sums over the rows: the least of it lies at the solution."""
    made = walk(1, 40)
    figure = descent(**made)
    collections = [shape for shape in figure.axes[0].collections if len(shape.get_paths())]
    smallest = next(path for path in collections[1].get_paths() if len(path.vertices))
    w, b = smallest.vertices.T
    above = ((w[:, None] * made["x"][:, 0] + b[:, None] - made["y"]) ** 2).mean(1)
    assert above == pytest.approx(above.mean(), rel=0.05)


def test_several_features(assert_drawn):
    figure = descent(**walk(10, 40))
    assert_drawn(figure)
    parameters, _ = figure.axes
    assert [text.get_text() for text in parameters.get_yticklabels()] == [*(f"x{i}" for i in range(10)), "bias"]


def test_who_begins_at_the_goal_stays(assert_drawn):
    made = walk(1, 5)
    made["path"] = np.broadcast_to(made["solution"], (5, 2, 2)).copy()
    assert_drawn(descent(**made))
