"""What a metric costs, read back from the axes."""

import numpy as np
import pandas as pd

from dlexp.reporting import quantities
from dlexp.reporting.trade_off import MOST_NAMED, trade_off


def points(x, y, *, deviation=np.nan, front=False, index=None):
    return pd.DataFrame({"x": x, "y": y, "deviation": deviation, "front": front}, index=index)


def front(axes):
    (line,) = [line for line in axes.lines if line.get_label() == "Pareto front"]
    return line


def test_trade_off(assert_drawn):
    table = points(
        [1e4, 1e6, np.nan, 1e7],
        [0.9, 0.95, 0.97, np.nan],
        deviation=[0.01, np.nan, 0.1, 0.1],
        front=[True, True, False, False],
        index=["<b>", "$n$", "no cost", "no metric"],
    )
    figure = trade_off(table, x="parameters", y="test/accuracy", quantity=quantities.short)
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert axes.get_title(loc="left") == "Test accuracy against parameters"
    assert [text.get_text() for text in axes.texts] == ["<b>", "$n$"]
    assert [tuple(c.lines[0].get_xydata()[0]) for c in axes.containers] == [(1e4, 0.9), (1e6, 0.95)]
    assert [c.has_yerr for c in axes.containers] == [True, False]
    assert_drawn(figure)


def test_the_front_is_a_step_with_a_legend(assert_drawn):
    table = points([3.0, 1.0, 2.0, 2.0], [0.9, 0.7, 0.8, 0.5], front=[True, True, True, False], index=list("abcd"))
    figure = trade_off(table, x="time", y="test/accuracy", quantity=quantities.seconds)
    (axes,) = figure.axes
    assert front(axes).get_xydata().tolist() == [[1, 0.7], [2, 0.8], [3, 0.9]]
    assert front(axes).get_drawstyle() == "steps-post", "between two points one has only the cheaper"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Pareto front"]
    assert_drawn(figure)


def test_of_many_only_the_first_and_the_front_are_named(assert_drawn):
    count = 100
    rng = np.random.default_rng(0)
    on_front = np.arange(count) == 60
    y = np.linspace(0.9, 0.5, count)
    y[-1] = -5.0  # far below
    table = points(10 ** rng.uniform(3, 6, count), y, front=on_front, index=[f"#{i}" for i in range(count)])
    figure = trade_off(table, x="parameters", y="test/accuracy", quantity=quantities.short)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.texts]
    assert names == [*(f"#{i}" for i in range(MOST_NAMED)), "#60"]
    low, _ = axes.get_ylim()
    assert 0 < low < y[60]
    drawn = np.concatenate([line.get_xdata() for line in axes.lines])
    assert set(table.x) <= set(drawn), "each is a point, or a mark at the border"
    assert_drawn(figure)


def test_points_that_lie_on_one_another_do_not_all_get_names():
    table = points([1e3] * 400, [0.5] * 400, front=True, index=[f"#{i}" for i in range(400)])
    figure = trade_off(table, x="parameters", y="test/accuracy", quantity=quantities.short)
    assert len(figure.axes[0].texts) == MOST_NAMED


def test_costs_that_hardly_differ_get_a_plain_axis(assert_drawn):
    figure = trade_off(
        points([0.12, 0.25], [0.5, 2.0], index=["a", "b"]), x="t", y="test/loss", quantity=quantities.seconds
    )
    (axes,) = figure.axes
    figure.draw_without_rendering()
    assert axes.get_xscale() == "linear"
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert all(text.endswith(" s") for text in ticks)
    assert len(ticks) <= 7
    assert_drawn(figure)
