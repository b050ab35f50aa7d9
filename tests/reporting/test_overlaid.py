"""Lines of several alternatives, read back from the axes."""

import numpy as np
import pandas as pd
import pytest

from dlexp.reporting.overlaid import MOST_BANDS, effort_curves, overlaid_curves, response_curves


@pytest.mark.parametrize("count", [2, 12])
def test_overlaid_curves(count, assert_drawn):
    rng = np.random.default_rng(0)
    tables = {f"$net_{i}$": pd.DataFrame(rng.uniform(0.8, 0.9, (5, 3)), index=range(1, 6)) for i in range(count - 1)}
    tables["single"] = pd.DataFrame({0: [0.1, 0.7, 0.8]}, index=[1, 2, 3])
    figure = overlaid_curves(tables, name="val/accuracy")
    (axes,) = figure.axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), tables["$net_0$"].to_numpy().mean(axis=1))
    band = axes.collections[0].get_paths()[0].vertices
    spread = tables["$net_0$"].to_numpy().std(axis=1, ddof=1)
    assert band[:, 1].max() == pytest.approx((axes.lines[0].get_ydata() + spread).max())
    looks = {(line.get_color(), str(line.get_linestyle())) for line in axes.lines}
    assert len(looks) == (count if count < 8 else 2) or len({c for c, _ in looks}) == 7
    legend = axes.get_legend()
    names = [text.get_text() for text in (legend.get_texts() if legend else axes.texts)]
    assert sorted(names) == sorted(tables)
    assert_drawn(figure)


def test_only_the_first_few_have_bands():
    tables = {str(i): pd.DataFrame(np.random.default_rng(i).uniform(size=(4, 3))) for i in range(8)}
    (axes,) = overlaid_curves(tables, name="val/loss").axes
    assert len(axes.collections) == MOST_BANDS


@pytest.mark.parametrize(("values", "logarithmic"), [([1e-4, 1e-3, 1e-2], True), ([1, 2, 3], False)])
def test_response_curves(values, logarithmic, assert_drawn):
    tables = {
        "resnet": pd.DataFrame([[0.8, 0.9], [0.9, 0.95], [0.7, np.nan]], index=values),
        "lenet": pd.DataFrame([[0.5], [0.6]], index=values[:2]),
    }
    figure = response_curves(tables, name="val/accuracy", axis="optimizer.lr", logarithmic=logarithmic)
    (axes,) = figure.axes
    figure.draw_without_rendering()
    assert axes.get_xscale() == ("log" if logarithmic else "linear")
    np.testing.assert_allclose(axes.lines[0].get_xydata(), np.column_stack([values, [0.85, 0.925, 0.7]]))
    assert [label.get_text() for label in axes.get_xticklabels()] == [f"{value:g}" for value in values]
    assert axes.get_xlabel() == "optimizer.lr"
    assert_drawn(figure)


def test_many_values_have_round_marks(assert_drawn):
    tables = {"a": pd.DataFrame({0: np.linspace(0, 1, 15)}, index=np.geomspace(1e-5, 1, 15))}
    figure = response_curves(tables, name="val/loss", axis="lr", logarithmic=True)
    figure.draw_without_rendering()
    assert 3 <= len([t for t in figure.axes[0].get_xticklabels() if t.get_text()]) <= 8
    assert_drawn(figure)


def test_the_training_metric_is_dashed_in_the_colour_of_its_line(assert_drawn):
    tables = {name: pd.DataFrame([[0.8], [0.7], [0.6]], index=[0, 0.3, 0.6]) for name in ("wide", "narrow")}
    trained = {"narrow": pd.DataFrame([[1.0, 0.9], [0.9, 0.8], [0.7, 0.6]], index=[0, 0.3, 0.6])}
    trained = {"wide": trained["narrow"] - 0.1, **trained}
    figure = response_curves(tables, name="val/accuracy", axis="model.dropout", logarithmic=False, trained=trained)
    (axes,) = figure.axes
    dashed, lines = axes.lines[:2], axes.lines[2:]
    np.testing.assert_allclose(dashed[1].get_ydata(), [0.95, 0.85, 0.65])
    assert [line.get_color() for line in dashed] == [line.get_color() for line in lines]
    assert all(line.is_dashed() for line in dashed)
    assert not any(line.is_dashed() for line in lines)
    assert_drawn(figure)


def test_effort_curves(assert_drawn):
    losses = {"mean": [2.0, 0.4, 0.1], "deviation": [0.1, 0.5, np.nan]}
    tables = {
        name: pd.DataFrame({"steps": [10, 20, 30], "seconds": np.array([1, 2, 3]) * pace, **losses})
        for name, pace in (("sgd", 0.5), ("muon", 2.0))
    }
    figure = effort_curves(tables, name="val/loss")
    steps, seconds = figure.axes
    assert [list(line.get_xdata()) for line in steps.lines] == 2 * [[10, 20, 30]]
    assert [list(line.get_xdata()) for line in seconds.lines] == [[0.5, 1, 1.5], [2, 4, 6]]
    assert steps.get_yscale() == seconds.get_yscale() == "log"
    assert steps.get_ylim()[0] == pytest.approx(0.1 / 1.5)  # although a band reaches below 0
    assert [text.get_text() for text in seconds.texts] == ["sgd", "muon"]
    assert_drawn(figure)


def test_who_never_got_there_is_told_by_triangles_and_a_name():
    table = pd.DataFrame({0: [100.0, 200.0]}, index=[10.0, 20.0])
    figure = response_curves(
        {"gru": table},
        name="val/steps_to_solve",
        axis="data.length",
        logarithmic=False,
        absent={"gru": [40.0], "elman": [10.0, 40.0]},
    )
    (axes,) = figure.axes
    line, *never = axes.lines
    assert [list(marks.get_xdata()) for marks in never] == [[40.0], [10.0, 40.0]]
    heights = [marks.get_ydata()[0] for marks in never]
    assert 200 < heights[0] < heights[1] < axes.get_ylim()[1]
    assert never[0].get_color() == line.get_color() != never[1].get_color()
    assert {text.get_text() for text in axes.texts} == {"gru", "elman: never"}
