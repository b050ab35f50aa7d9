"""What the figures show, read back from their axes."""

import numpy as np
import pandas as pd
import pytest

from dlexp.reporting import plots, style

NASTY = ["<script>alert(1)</script>", "$x^2$", "a_b & c|d", "a very long name of a class that goes on and on"]


def history(epochs: int) -> pd.DataFrame:
    epoch = np.arange(epochs)
    train = pd.DataFrame({"epoch": epoch, "train/loss": np.exp(-epoch), "train/accuracy": 1 - 0.5 * np.exp(-epoch)})
    val = pd.DataFrame({"epoch": epoch, "val/loss": 0.3 + epoch, "val/accuracy": 0.1 * epoch, "val/auc": 0.5})
    test = pd.DataFrame({"epoch": [epochs], "test/loss": [0.1]})
    return pd.concat([train, val, test])


def test_by_epoch_takes_the_mean_of_an_epoch():
    table = pd.DataFrame({"epoch": [0, 0, 1, 1], "train/loss": [1.0, 3.0, np.nan, 5.0]})
    assert plots.by_epoch(table, "train/loss").to_dict() == {1: 2.0, 2: 5.0}
    assert plots.by_epoch(table, "val/loss").empty
    assert plots.by_epoch(pd.DataFrame({"epoch": []}, dtype=float), "val/loss").empty


def test_curve_names():
    assert plots.curve_names(history(3)) == ["loss", "accuracy"]
    assert plots.curve_names(history(3), "val/auc") == ["loss", "accuracy", "auc"]
    assert plots.curve_names(history(3)[["epoch", "val/loss"]], "val/nothing") == ["loss"]
    assert plots.curve_names(pd.DataFrame({"epoch": []})) == []


def test_the_same_numbers_have_one_panel():
    table = history(3)
    for stage in ("train", "val"):
        table[f"{stage}/mse"] = table[f"{stage}/loss"]
    assert plots.curve_names(table, "val/mse") == ["loss", "accuracy"]
    table.loc[table["val/mse"].notna(), "val/mse"] += 1  # a loss with a price on it
    assert plots.curve_names(table, "val/mse") == ["loss", "accuracy", "mse"]


@pytest.mark.parametrize("epochs", [1, 2, 10, 40])
def test_curves(epochs, assert_drawn):
    table = history(epochs)
    best = epochs - 1
    figure = plots.curves(table, best_epoch=best)
    assert len(figure.axes) == 2
    for axes, name in zip(figure.axes, ("loss", "accuracy"), strict=True):
        for line, stage in zip(axes.lines, ("train", "val"), strict=False):
            expected = table.dropna(subset=f"{stage}/{name}")
            np.testing.assert_array_equal(line.get_xdata(), expected["epoch"] + 1)
            np.testing.assert_array_equal(line.get_ydata(), expected[f"{stage}/{name}"])
            assert epochs > 12 or line.get_marker() == "o"
        assert {text.get_text() for text in axes.texts} == {"train", "val"}
        assert axes.get_xlabel() == "epoch"
        said = axes.get_title(loc="left")
        assert said == name.capitalize() + (f" · best epoch {epochs}" if epochs > 1 else "")
    assert_drawn(figure)


def test_curves_of_nothing(assert_drawn):
    assert_drawn(plots.curves(pd.DataFrame({"epoch": []}, dtype=float)))


def test_a_loss_that_diverges_can_be_drawn(assert_drawn):
    table = pd.DataFrame({"epoch": [0, 1, 2], "val/loss": [1.0, 1e30, np.inf]})
    assert_drawn(plots.curves(table))


def test_confusion_matrix_shows_counts_and_shares(assert_drawn):
    counts = np.array([[8, 2, 0], [0, 5, 5], [0, 0, 0]])
    figure = plots.confusion_matrix(counts, NASTY[:3])
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.8, 0.2, 0], [0, 0.5, 0.5], [0, 0, 0]])
    shown = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert shown == {(0, 0): "8", (0, 1): "2", (1, 1): "5", (1, 2): "5"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert axes.get_title(loc="left") == "Confusion: 13 of 20 right"
    assert [label.get_text()[:17] for label in axes.get_yticklabels()] == [name[:17] for name in NASTY[:3]]
    assert_drawn(figure)


@pytest.mark.parametrize("classes", [1, 2, 20, 21, 100])
def test_confusion_matrix_of_any_size(classes, assert_drawn):
    figure = plots.confusion_matrix(np.eye(classes, dtype=int) * 1234, [f"class {i}" for i in range(classes)])
    axes = figure.axes[0]
    assert len(axes.texts) == (classes if classes <= 20 else 0)
    assert len(axes.get_xticklabels()) <= 20
    assert_drawn(figure)


@pytest.mark.parametrize("channels", [1, 3])
def test_mistakes_are_the_most_confident_ones(channels, assert_drawn):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (100, channels, 8, 8), dtype=np.uint8)
    truth, probability = rng.integers(0, 4, 100), rng.uniform(0.3, 1, 100)
    predicted = np.where(np.arange(100) % 2, truth, (truth + 1) % 4)
    figure = plots.mistakes(images, truth, predicted, probability, NASTY)

    wrong = np.arange(0, 100, 2)
    expected = wrong[np.argsort(-probability[wrong])][: plots.MOST_MISTAKES]
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == len(expected)
    for axes, index in zip(shown, expected, strict=True):
        image = np.asarray(axes.images[0].get_array())
        np.testing.assert_array_equal(image.reshape(8, 8, channels), images[index].transpose(1, 2, 0))
        said = axes.get_title().splitlines()
        assert said[0][:16] == NASTY[truth[index]][:16]
        assert said[-1] == f"{100 * probability[index]:.1f} %"
    assert_drawn(figure)


def test_mistakes_takes_tensors_and_none_at_all(assert_drawn):
    torch = pytest.importorskip("torch")
    images, labels = torch.zeros(3, 1, 4, 4, dtype=torch.uint8), torch.tensor([0, 1, 1])
    chance = torch.tensor([0.9, 0.8, 0.7])
    assert sum(bool(a.images) for a in plots.mistakes(images, labels, 1 - labels, chance, "ab").axes) == 3
    figure = plots.mistakes(images, labels, labels, chance, "ab")
    assert not any(axes.images for axes in figure.axes)
    assert figure.get_suptitle() == "No mistakes"
    assert_drawn(figure)


def test_svg_follows_the_page_and_needs_nothing_else():
    text = style.svg(plots.curves(history(3)), 'a "quoted" <name>')
    assert "http" not in text
    assert 'aria-label="a &quot;quoted&quot; &lt;name&gt;"' in text
    assert "var(--ink)" in text
    assert style.INK not in text
    assert ">train</text>" in text


def test_figures_leave_pyplot_alone_and_say_nothing(caplog):
    from matplotlib import pyplot

    style.png(plots.curves(history(3)))
    assert pyplot.get_fignums() == []
    assert caplog.records == []


def test_a_baseline_is_a_level_in_the_panel_of_its_metric():
    table = pd.DataFrame({"epoch": range(3), "val/mse": [0.3, 0.2, 0.1], "val/loss": 1.0, "val/mse_of_pca": 0.15})
    assert plots.baselines([table], "val/mse") == {"PCA": pytest.approx(0.15)}
    assert plots.baselines([table, table.assign(**{"val/mse_of_pca": 0.25})], "val/mse") == {"PCA": pytest.approx(0.2)}
    assert plots.baselines([table], "val/loss") == {}
    loss, mse = plots.curves(table, names=["loss", "mse"]).axes
    assert [len(axes.lines) for axes in (loss, mse)] == [1, 2]
    np.testing.assert_allclose(mse.lines[-1].get_ydata(), 0.15)
    assert [text.get_text() for text in mse.texts] == ["val", "PCA"]
    low, high = mse.get_ylim()
    assert low < 0.1 < 0.3 < high
