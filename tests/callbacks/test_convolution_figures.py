"""When the figures of a convolution are drawn."""

from types import SimpleNamespace

import pytest

from dlexp.callbacks.convolution_figures import ConvolutionFigures


@pytest.mark.parametrize("trainer", [{"is_global_zero": False}, {"fast_dev_run": True}])
def test_nothing_is_drawn_in_a_debug_run_or_by_a_second_process(trainer, tmp_path):
    stub = SimpleNamespace(**({"is_global_zero": True, "fast_dev_run": False} | trainer))
    ConvolutionFigures(folder=str(tmp_path)).on_test_end(stub, SimpleNamespace())
    assert not list(tmp_path.iterdir())
