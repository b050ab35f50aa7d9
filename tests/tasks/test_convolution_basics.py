"""What the task on convolutions measures, and the one line it has for input that cannot be."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from omegaconf import OmegaConf
from PIL import Image
from scipy.ndimage import correlate
from torch.nn import functional as F

from dlexp.errors import InputError
from dlexp.tasks import convolution_checks as checks
from dlexp.tasks.convolution_basics import ConvolutionBasics

CONF = Path(__file__).parents[2] / "conf" / "task" / "convolution_basics.yaml"
SMALL = {
    "grid": {"mode": ["zeros", "circular"], "padding": [1], "stride": [1, 2], "dilation": [1], "dims": [1, 2]},
    "sizes": {"size": 5, "kernel": 3, "stride": 2, "padding": 1, "dilation": 2},
    "sharing": {"image": [2, 6, 5], "kernels": 3, "size": 3, "padding": 1},
    "image_size": 40,
    "margin": 3,
}


def arguments() -> dict:
    given = OmegaConf.to_container(OmegaConf.load(CONF).task) | {"seed": 0}
    del given["_target_"]
    return given | SMALL | {"grid": given["grid"] | SMALL["grid"]}


def measured(module: ConvolutionBasics) -> dict[str, float]:
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False)
    trainer.test(module, verbose=False)
    return {name: value.item() for name, value in trainer.callback_metrics.items()}


pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers")


@pytest.fixture(scope="module")
def tested() -> tuple[ConvolutionBasics, dict[str, float]]:
    module = ConvolutionBasics(**arguments())
    return module, measured(module)


def draw(seed: int = 0) -> dict:
    return {"generator": torch.Generator().manual_seed(seed), "dtype": torch.float64}


def test_it_logs_what_it_says(tested):
    module, found = tested
    assert found.keys() == module.logged
    assert module.monitor in module.logged


def test_what_it_finds(tested):
    _, found = tested
    assert found["test/settings"] == 2 * 2 * 2 * 3
    assert found["test/max_error"] < 1e-12
    assert found["test/max_error_loops"] < 1e-12
    assert found["test/wrong_sizes"] == 0
    assert found["test/sizes"] == 5 * 3 * 2 * 2 * 2
    assert found["test/parameters_convolution"] == 3 * (2 * 3 * 3) + 3
    assert found["test/parameters_dense"] == (3 * 6 * 5) * (2 * 6 * 5) + 3 * 6 * 5
    assert found["test/dense_distinct"] == 3 * 2 * 3 * 3
    assert found["test/dense_error"] < 1e-12
    assert found["test/shift_error_circular"] < 1e-12
    assert found["test/shift_error_interior"] < 1e-12
    assert 0.05 < found["test/shift_error_zeros"] < found["test/shift_error_stride2"] < found["test/shift_error_dense"]


def test_the_same_seed_finds_the_same(tested):
    assert measured(ConvolutionBasics(**arguments())) == tested[1]


def test_the_picture_under_a_kernel_and_with_margins(tested):
    module, _ = tested
    colours = module.picture / 255
    for name, (kernel, picture) in module.filtered.items():
        grey = name in ("sobel_x", "sobel_y", "laplacian")
        expected = (
            correlate(colours.mean(2), kernel, mode="mirror")
            if grey
            else correlate(colours, kernel[:, :, None], mode="mirror")
        )
        np.testing.assert_allclose(picture, expected, atol=1e-12, err_msg=name)
        assert kernel.sum() == pytest.approx(0 if grey else 1)
    wide = ((3, 3), (3, 3), (0, 0))
    names = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    for mode, in_numpy in names.items():
        np.testing.assert_array_equal(module.padded[mode], np.pad(colours, wide, mode=in_numpy))


def test_a_wrong_convolution_would_be_found(monkeypatch):
    monkeypatch.setattr(checks, "convolve", lambda x, *args, mode, **rest: F.conv1d(x, args[0]) + 1e-3)
    setting = {"dims": 1, "mode": "zeros", "padding": 0, "stride": 1, "dilation": 1, "channels": (1, 1, 1)}
    assert checks.agreement(setting, size=[8], kernel=[3], loops=False, draw=draw())["error"] > 1e-4
    setting["padding"] = 1  # another size
    assert checks.agreement(setting, size=[8], kernel=[3], loops=False, draw=draw())["error"] == torch.inf


def test_a_wrong_formula_would_be_found(monkeypatch):
    monkeypatch.setattr(checks, "output_size", lambda size, kernel, *, stride, padding, dilation: size)
    wrong, checked = checks.wrong_sizes({"size": 4, "kernel": 3, "stride": 2, "padding": 1, "dilation": 1})
    assert 0 < wrong < checked


def test_the_matrix_is_that_of_torch():
    weight = torch.randn(3, 2, 3, 3, **draw())
    x = torch.randn(1, 2, 5, 4, **draw(1))
    matrix = checks.dense_matrix(weight, [2, 5, 4], 1)
    torch.testing.assert_close(matrix @ x.flatten(), F.conv2d(x, weight, padding=1).flatten())


def test_shifts_by_whole_strides_move_the_output_along():
    errors = checks.shift_errors(torch.randn(16, 16, **draw()), kernels=2, size=3, shifts=4, draw=draw(1))
    assert errors.keys() == set(checks.SHIFTED)
    assert errors["stride2"][::2].max() < 1e-12
    assert errors["stride2"][1::2].min() > 0.5
    assert errors["stride4"][::4].max() < 1e-12
    assert errors["stride4"][1:4].min() > 0.5
    assert errors["dense"][0] == 0
    assert errors["dense"][1:] == pytest.approx(2**0.5, rel=0.2)  # two outputs that have nothing in common


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"image": "nowhere.png"}, "task.image=nowhere.png: there is no such file"),
        ({"image": __file__}, "is not an image that can be read"),
        ({"dtype": "float16"}, "task.dtype=float16: choose float32 or float64"),
        ({"border": "mirror"}, "task.border=mirror .* zeros, reflect"),
        ({"margin": 0}, "task.margin=0"),
        ({"kernels": {"mine": [[1, 2], [3]]}}, "task.kernels.mine: give rows of numbers, all of one length"),
        ({"kernels": {"mine": [[1, 2]]}}, "task.kernels.mine: give an odd number"),
        ({"kernels": {"mine": 3}}, "task.kernels.mine: give an odd number"),
        ({"grid": {"dims": [4]}}, "task.grid.dims"),
        ({"grid": {"channels": [[3, 2, 2]]}}, "task.grid.channels"),
    ],
)
def test_input_that_cannot_be(changes, line):
    given = deepcopy(arguments())
    for key, value in changes.items():
        given[key] = given[key] | value if key == "grid" else value
    with pytest.raises(InputError, match=line):
        ConvolutionBasics(**given)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"padding": [9], "mode": ["reflect"]}, "task.grid: torch cannot .*'reflect'"),
        ({"kernel": [20, 2, 3]}, "a kernel that spans 20 pixels"),
        ({"mode": ["mirror"]}, "mode=mirror is not an option"),
    ],
)
def test_settings_that_cannot_be(changes, line):
    given = arguments()
    with pytest.raises(InputError, match=line):
        measured(ConvolutionBasics(**given | {"grid": given["grid"] | changes}))


def test_a_picture_of_ones_own(tmp_path):
    path = tmp_path / "mine.png"
    Image.new("LA", (30, 20), (200, 100)).save(path)
    module = ConvolutionBasics(**arguments() | {"image": str(path)})
    assert module.picture.shape == (20, 30, 3)
    assert (module.picture == 200).all()
    Image.new("L", (30, 5)).save(path)
    with pytest.raises(InputError, match="30 x 5 pixels: give one of 16 x 16 or more"):
        ConvolutionBasics(**arguments() | {"image": str(path)})


def test_the_command(launch, tmp_path):
    words = ("task=convolution_basics", "trainer=cpu", "task.grid.dims=[1]", "task.sizes.size=3", "logger=none")
    end = launch(*words, "task.sharing.image=[1,8,8]", folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert end.result["status"] == "finished"
    assert end.result["metrics"]["test/max_error"] < 1e-12
    figures = {path.name for path in (end.folder / "figures").iterdir()}
    assert figures == {"kernels_and_paddings.png", "weight_sharing.png"}
