"""Every network of dlexp.models.vision in conf/model reads 28- and 32-pixel grey and colour images and learns."""

from pathlib import Path

import pytest
import torch
from headers import around
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

CONF = Path(__file__).parents[2] / "conf"
FILES = {path.stem: path.read_text() for path in sorted((CONF / "model").glob("*.yaml"))}
ARCHITECTURES = [name for name, text in FILES.items() if "_target_: dlexp.models.vision." in text]
MODELS = [name for name in FILES if around(f"model/{name}") == ["task=cnn_compare"]]  # also their variants
IMAGE_SHAPES = [(1, 28, 28), (1, 32, 32), (3, 28, 28), (3, 32, 32)]
NUM_CLASSES = 7


def build(model: str, image_shape: tuple[int, int, int]) -> nn.Module:
    if model == "timm":
        pytest.importorskip("timm")
    data = [f"+data.input_shape={list(image_shape)}", f"+data.num_classes={NUM_CLASSES}"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return instantiate(compose(overrides=[f"+model={model}", *data]).model)


@pytest.mark.parametrize("image_shape", IMAGE_SHAPES, ids=lambda shape: "x".join(map(str, shape)))
@pytest.mark.parametrize("model", MODELS)
def test_gives_logits_and_finite_gradients(model, image_shape):
    network = build(model, image_shape)
    logits = network(torch.randn(2, *image_shape))
    assert logits.shape == (2, NUM_CLASSES)
    nn.functional.cross_entropy(logits, torch.tensor([0, 6])).backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())
    assert any(weight.grad.any() for weight in network.parameters())


@pytest.mark.parametrize("model", MODELS)
def test_memory_format_and_precision_change_nothing_but_rounding(model):
    network = build(model, (3, 32, 32)).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = network(images)
        network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(network(images), expected, atol=1e-4, rtol=1e-4)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rounded = network(images).float()
    assert (rounded - expected).norm() < 0.1 * expected.norm()


@pytest.mark.parametrize("model", ARCHITECTURES)  # what inherits one compiles as it does
def test_compiles_without_a_graph_break(model):
    network = build(model, (1, 28, 28)).to("meta")
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    assert compiled(torch.empty(2, 1, 28, 28, device="meta")).shape == (2, NUM_CLASSES)
