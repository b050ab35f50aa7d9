"""The classes of samples beside those of the data."""

import numpy as np
import pytest

from dlexp.reporting.mode_plot import mode_plot

NOTE = "comparable only within dlexp and with the same judge: " + ",".join(f"option_{i}=value" for i in range(9))


@pytest.mark.parametrize("names", [["0", "1", "2"], ["T-shirt/top", "$a pullover$", "ankle boots & more"]])
def test_what_is_drawn(names):
    data, samples = np.array([10, 10, 20]), np.array([150, 50, 0])
    figure = mode_plot(data, samples, names, confidence=(0.98, 0.7413), heading="2 of 3", note=NOTE)
    (axes,) = figure.axes
    bars = [[bar.get_height() for bar in container] for container in axes.containers]
    assert bars == [[25, 25, 50], [75, 25, 0]]
    starts = [[bar.get_x() for bar in container] for container in axes.containers]
    assert all(b == pytest.approx(a + 0.4) for a, b in zip(*starts, strict=True))  # side by side
    assert [text.get_text() for text in axes.get_xticklabels()] == names
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["data: the judge is 98.0 % sure on average", "samples: the judge is 74.1 % sure on average"]
    figure.canvas.draw()
    width = figure.get_window_extent().width
    for text in (figure._supxlabel, axes.title, axes._left_title, *axes.get_xticklabels()):
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= width
    assert figure._supxlabel.get_text().replace("\n", " ").replace(", ", ",") == NOTE
    tallest = axes.transData.transform((0, 75))[1]
    assert axes.get_legend().get_window_extent().y0 > tallest
