"""Figures and film of walks on a surface."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from dlexp.reporting import batch_size_plots, path_plots
from dlexp.reporting.landscape import Landscape
from dlexp.reporting.path_animation import animate, chosen_steps
from dlexp.reporting.squared_error import excess

NAMES = [f"optimizer {o}" for o in range(9)]


@pytest.fixture
def land() -> Landscape:
    x, y = np.linspace(-2, 2, 30), np.linspace(-1, 1, 20)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    return Landscape(x=x, y=y, values=(grid**2).sum(-1), start=np.array([1.5, 0.5]), minima=np.zeros((1, 2)))


@pytest.fixture
def trails() -> np.ndarray:
    """(51, 9, 2): nine spirals, of which the last ends in NaN."""
    t, turn = np.arange(51)[:, None], np.linspace(0.1, 0.5, 9)
    trails = 1.5 * 0.9 ** t[..., None] * np.stack([np.cos(turn * t), np.sin(turn * t)], axis=-1)
    trails[20:, 8] = np.nan
    return trails


def test_all_paths(land, trails, assert_drawn):
    figure = path_plots.all_paths(land, trails, NAMES, title="a bowl")
    (axes,) = figure.axes
    paths = [line for line in axes.lines if len(line.get_xdata()) > 1]
    assert [len(path.get_xdata()) for path in paths] == [51] * 8 + [20]
    np.testing.assert_array_equal(paths[0].get_xydata(), trails[:, 0])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == NAMES
    assert len({line.get_color() for line in paths}) == 9
    assert_drawn(figure)


@pytest.mark.parametrize("count", [1, 4, 9])
def test_each_path_has_a_map(land, trails, count, assert_drawn):
    figure = path_plots.each_path(land, trails[:, :count], NAMES[:count], ["lr 0.1"] * count)
    shown = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert shown == [f"{name}: lr 0.1" for name in NAMES[:count]]
    assert_drawn(figure)


def test_distances(trails, assert_drawn):
    distances = np.linalg.norm(trails, axis=-1)
    figure = path_plots.distance_over_steps(distances, NAMES, near=0.01)
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), distances[:, 0])
    assert axes.get_legend().get_texts()[0].get_text() == NAMES[8]  # who diverged comes first
    assert_drawn(figure)
    distances[5] = [0, np.inf, 1e9, *distances[5, 3:]]
    shown = path_plots.shown_distances(distances)
    assert shown[5, 0] == path_plots.LEAST
    assert np.isnan(shown[5, 1:3]).all()
    assert_drawn(path_plots.distance_over_steps(np.full((3, 2), np.nan), NAMES[:2], near=0.01))


def test_learning_rates(assert_drawn):
    rates = np.geomspace(1e-3, 1, 7)
    distances = np.abs(np.log(rates / [[0.01], [0.1]])) + 1e-3  # best at 0.01 and 0.1
    distances[0, 5:] = np.inf
    figure = path_plots.distance_over_rates(rates, distances, NAMES[:2], chosen=[rates[2], rates[4]])
    (axes,) = figure.axes
    marks = [line.get_xydata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    np.testing.assert_allclose(marks, [[rates[2], distances[0, 2]], [rates[4], distances[1, 4]]])
    assert_drawn(figure)


def test_the_film_shows_what_the_figure_shows(land, trails):
    film = animate(land, trails, NAMES, frames=12, seconds=2.4, title="a bowl")
    with Image.open(io.BytesIO(film)) as gif:
        assert gif.n_frames == len(chosen_steps(50, 12))
        assert gif.info["loop"] == 0
        pictures = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            pictures.append(np.asarray(gif.convert("RGB"), dtype=int))
        assert gif.info["duration"] == 2000  # of the last
    for old, new in pairwise(pictures):
        assert 0 < (old != new).any(-1).mean() < 0.1  # the map stays
    for colour in path_plots.COLOURS[:8]:  # nothing is lost to the palette
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(pictures[-1] - wanted).max(-1) < 24).sum() > 20, colour


def test_steps_of_a_film():
    assert chosen_steps(4, 90) == [0, 1, 2, 3, 4]
    steps = chosen_steps(501, 60)
    assert (steps[0], steps[-1]) == (0, 501)
    assert np.all(np.diff(np.diff(steps)) >= -1)


def test_batch_sizes(assert_drawn):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 3, 20)
    path = np.array([2.0, 1.0]) + 0.97 ** np.arange(201)[:, None, None] * np.array([[-3.0, 3.0]] * 3)
    figure = batch_size_plots.batch_sizes(path, np.array([2.0, 1.0]), x, sizes=[20, 8, 1])
    left, middle, _ = figure.axes
    assert left.get_xlabel() == "slope"
    assert [text.get_text() for text in middle.get_legend().get_texts()] == ["1", "8", "all 20"]
    assert_drawn(figure)


def test_the_loss_above_the_least():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.normal(size=30)
    solution = np.polyfit(x, y, 1)
    lines = rng.normal(size=(4, 5, 2))

    def loss(w, b):
        return np.mean((w[..., None] * x + b[..., None] - y) ** 2, axis=-1)

    expected = loss(lines[..., 0], lines[..., 1]) - loss(*solution)
    np.testing.assert_allclose(excess(lines, solution, x), expected, rtol=1e-9)


def test_spread_covers_every_step():
    steps, quantiles = batch_size_plots.spread(np.arange(1.0, 1001.0))
    assert quantiles.shape == (3, len(steps))
    np.testing.assert_allclose(quantiles[1], steps, rtol=0.05)
