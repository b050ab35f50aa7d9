"""What every figure must stand."""

import pytest

from dlexp.reporting import style


@pytest.fixture
def assert_drawn():
    """As PNG and SVG, with nothing that reaches over the border."""

    def check(figure):
        assert style.png(figure).startswith(b"\x89PNG")
        assert "<svg" in style.svg(figure, "a figure")
        box = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert min(box.x0, box.y0) > -0.02
        assert box.x1 < width + 0.02
        assert box.y1 < height + 0.02

    return check
