"""Figures of VAEs, read back from their axes."""

import numpy as np
import pandas as pd
import pytest

from dlexp.reporting.image_grid import GAP
from dlexp.reporting.named_rows import named_rows
from dlexp.reporting.variational_plots import bound_by_parts, units


def history(epochs: int, **stages: bool) -> pd.DataFrame:
    table = {"epoch": np.arange(epochs)}
    for shift, stage in enumerate(stages):
        table[f"{stage}/reconstruction"] = 90 + shift + 300 * 0.5 ** np.arange(epochs)
        table[f"{stage}/kl"] = 25 * (1 - 0.5 ** np.arange(epochs))
    return pd.DataFrame(table)


def lines(figure) -> dict:
    return {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("epochs", [1, 2, 30])
@pytest.mark.parametrize("best_epoch", [None, 0])
def test_the_parts_add_up(epochs, best_epoch, assert_drawn):
    table = history(epochs, val=True, train=True)
    figure = bound_by_parts(table, best_epoch=best_epoch)
    assert_drawn(figure)
    drawn = lines(figure)
    for stage, said in (("val", "validation"), ("train", "training")):
        reconstruction, whole = drawn[f"reconstruction, {said}"], drawn[f"\N{MINUS SIGN}ELBO, {said}"]
        assert whole.get_ydata() - reconstruction.get_ydata() == pytest.approx(table[f"{stage}/kl"].to_numpy())
        assert reconstruction.get_ydata() == pytest.approx(table[f"{stage}/reconstruction"].to_numpy())
        assert list(whole.get_xdata()) == list(range(1, epochs + 1))
    assert len(figure.axes[0].collections) == 1  # the KL, between both of validation


def test_the_first_epochs_do_not_flatten_the_others():
    axes = bound_by_parts(history(60, val=True), best_epoch=None).axes[0]
    low, high = axes.get_ylim()
    assert low < 90
    assert 115 < high < 130  # it began at 390


def test_without_validation_and_where_a_density_is_above_one(assert_drawn):
    table = history(5, train=True)
    table["train/reconstruction"] -= 700
    figure = bound_by_parts(table, best_epoch=4)
    assert_drawn(figure)
    assert set(lines(figure)) == {"\N{MINUS SIGN}ELBO, training", "reconstruction, training"}
    assert figure.axes[0].get_ylim()[0] < -606


@pytest.mark.parametrize("size", [1, 2, 16, 50])
def test_units_are_sorted_and_counted(size, assert_drawn):
    kl = np.random.default_rng(0).permutation(np.linspace(0, 2, size))
    active = kl > 0.5
    figure = units(kl, active)
    assert_drawn(figure)
    axes = figure.axes[0]
    bars = sorted(axes.patches, key=lambda bar: bar.get_x())
    assert [bar.get_height() for bar in bars] == sorted(kl, reverse=True)
    assert len({bar.get_facecolor() for bar in bars}) == (2 if 0 < active.sum() < size else 1)
    share = round(100 * active.mean())
    assert axes.get_title(loc="left") == f"{active.sum()} of {size} units of the code are active ({share} %)"
    if size <= 20:
        assert [int(label.get_text()) for label in axes.get_xticklabels()] == np.argsort(-kl, kind="stable").tolist()


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 12)])
@pytest.mark.parametrize("names", [["0", "1", "2"], ["T-shirt/top", "a $b$ & <c>", "Ankle boot"], ["one"]])
def test_each_name_stands_at_the_middle_of_its_row(names, shape, assert_drawn):
    shades = np.arange(1, len(names) + 1) / 10
    images = np.broadcast_to(shades.repeat(4)[:, None, None, None], (4 * len(names), *shape))
    figure = named_rows(images, names, heading="of $x$", x="value", ends=("low", "high"))
    assert_drawn(figure)
    (axes,) = figure.axes
    picture = axes.images[0].get_array()
    left, right = map(int, axes.get_xticks())
    for place, shade in zip(axes.get_yticks(), shades, strict=True):
        assert picture[int(place), left, 0] == round(255 * shade)
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    assert [label.get_text() for label in axes.get_xticklabels()] == ["low", "high"]
    side = (picture.shape[1] - GAP) / 4
    assert left == pytest.approx(side / 2 + GAP / 2, abs=1)
    assert right == pytest.approx(picture.shape[1] - side / 2 - GAP / 2, abs=1)
