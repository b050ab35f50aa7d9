"""Maps of codes, lines between them, and images above their reconstructions."""

import numpy as np
import pytest

from dlexp.reporting.latent_plots import interpolations, latent_map, look, planes
from dlexp.reporting.reconstructions import Row, reconstructions

random = np.random.default_rng(0)
CLASSES = tuple("0123456789")
LONG = ("T-shirt/top", "Trouser", "$x$ Pullover")


def codes(count: int = 60, size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(count) % 3
    return random.normal(size=(count, size)) + 4 * labels[:, None], labels


@pytest.mark.parametrize("classes", [CLASSES, LONG], ids=["short", "long"])
def test_two_numbers_are_shown_as_they_are(assert_drawn, classes):
    points, labels = codes(size=2)
    figure = latent_map(points, labels, classes)
    (axes,) = figure.axes
    for label, line in enumerate(axes.lines):
        np.testing.assert_array_equal(line.get_xydata(), points[labels == label])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(classes)
    assert axes.get_xlabel() == "first number of the code"
    assert_drawn(figure)


def test_more_numbers_by_pca_and_tsne(assert_drawn):
    points, labels = codes()
    figure = latent_map(points, labels, LONG)
    first, second = figure.axes
    assert "PCA" in first.get_title(loc="left")
    assert "t-SNE" in second.get_title(loc="left")
    assert not len(second.get_xticks())
    assert_drawn(figure)


def test_principal_components_and_their_share():
    points, _ = codes()
    (said, found), (_, tsne) = planes(points).items()
    centred = points - points.mean(0)
    _, values, rows = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(found), np.abs(centred @ rows[:2].T), atol=1e-8)
    share = np.square(values[:2]).sum() / np.square(values).sum()
    assert f"{100 * share:.0f} %" in said
    assert tsne.shape == found.shape
    np.testing.assert_array_equal(list(planes(points).values())[1], tsne)  # the same codes, the same map


def test_tsne_finds_the_clusters():
    points, labels = codes()
    tsne = list(planes(points).values())[1]
    middles = np.stack([tsne[labels == label].mean(0) for label in range(3)])
    nearest = np.linalg.norm(tsne[:, None] - middles, axis=2).argmin(1)
    assert (nearest == labels).mean() > 0.95


@pytest.mark.parametrize(("count", "size", "panels"), [(60, 1, 1), (60, 2, 1), (7, 5, 1), (8, 5, 2), (2, 3, 1)])
def test_few_codes_and_short_ones(assert_drawn, count, size, panels):
    points, labels = codes(count, size)
    figure = latent_map(points, labels, CLASSES)
    assert len(figure.axes) == panels
    assert_drawn(figure)


def test_codes_that_do_not_vary(assert_drawn):
    """A collapsed code is a point; its share of variance is no number, and t-SNE cannot be asked."""
    figure = latent_map(np.full((30, 4), 0.1), np.arange(30) % 3, LONG)
    (axes,) = figure.axes
    assert "the same" in axes.get_title(loc="left")
    assert_drawn(figure)


def test_every_class_has_its_look():
    looks = [tuple(sorted((key, str(value)) for key, value in look(label).items())) for label in range(21)]
    assert len(set(looks)) == 21


@pytest.mark.parametrize("channels", [1, 3])
def test_lines(assert_drawn, channels):
    ends, between = random.random((2, 2, channels, 8, 8)), random.random((2, 5, channels, 8, 8))
    figure = interpolations(ends, between, [("3", "5"), ("Ankle boot", "T-shirt/top")])
    assert len(figure.axes) == 2 * 7
    above = [axes.get_title() for axes in figure.axes[:7]]
    assert above == ["image", "code", "25 %", "50 %", "75 %", "code", "image"]
    assert [axes.get_ylabel() for axes in figure.axes[::7]] == ["3 → 5", "Ankle boot →\nT-shirt/top"]
    first, last = figure.axes[0].images[0].get_array(), figure.axes[6].images[0].get_array()
    for shown, image in ((first, ends[0, 0]), (last, ends[0, 1])):
        np.testing.assert_allclose(shown[..., 0] / 255, image[0], atol=0.003)
    assert_drawn(figure)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("columns", [1, 8])
def test_reconstructions(assert_drawn, channels, columns):
    images = random.random((columns, channels, 8, 8))
    rows = [Row("image", images, None), Row("given back", images / 2, np.full(columns, 0.01234))]
    figure = reconstructions({"Some test images": rows, "The worst": rows}, heading="Held in 2 numbers")
    assert len(figure.axes) == 2 * 2 * columns
    assert [axes.get_ylabel() for axes in figure.axes[::columns]] == ["image", "given back"] * 2
    assert {axes.get_xlabel() for axes in figure.axes} == {"", "0.012"}
    shown = np.asarray(figure.axes[0].images[0].get_array())
    expected = images[0, 0] if channels == 1 else images[0].transpose(1, 2, 0)
    np.testing.assert_array_equal(shown, expected)
    assert_drawn(figure)
