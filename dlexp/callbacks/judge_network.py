"""The judge of samples: a trained classifier, asked for its features and for its classes."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from hydra.utils import instantiate
from torch import Tensor, nn

from dlexp.errors import InputError

BATCH = 500  # images that it sees at once


class Verdict(NamedTuple):
    """What the judge makes of images, on the CPU."""

    features: Tensor  # float32 (N, D)
    classes: Tensor  # int64 (N,): the likeliest of each
    confidence: Tensor  # float32 (N,): its probability


class JudgeNetwork(nn.Module):
    """The classifier that a checkpoint of dlexp holds; its features are what its last linear layer is given.

    `data` is the class whose images it was trained on, such as dlexp.data.mnist.MNIST, None where it is not said.
    InputError if it is no classifier of images, or has no such layer. Leaves torch's generator as it was.
    """

    def __init__(self, checkpoint: dict[str, Any], name: str) -> None:
        super().__init__()
        self.name = name
        self.data: str | None = (checkpoint["hyper_parameters"].get("data") or {}).get("_target_")
        self.classes = list(checkpoint.get("classes") or ())
        preprocessing = checkpoint.get("preprocessing") or {}
        self.image_shape = list(preprocessing.get("image_shape", ()))
        if not self.classes or not self.image_shape:
            raise self.no_classifier()
        for key in ("mean", "std"):
            self.register_buffer(key, torch.tensor(preprocessing[key]).view(-1, 1, 1))  # (C, 1, 1)
        with torch.random.fork_rng(devices=[]):
            self.network = instantiate(checkpoint["hyper_parameters"]["model"]).eval().requires_grad_(False)
        weights = checkpoint["state_dict"]
        self.network.load_state_dict(
            {k.removeprefix("model."): v for k, v in weights.items() if k.startswith("model.")}
        )
        self.given: Tensor | None = None  # (B, D): to the last linear layer, in the last forward pass
        self.last_linear().register_forward_pre_hook(self.remember)

    def last_linear(self) -> nn.Linear:
        """The one that comes last when an image goes through, wherever it stands in the network."""
        order: list[nn.Linear] = []
        linear = [module for module in self.network.modules() if isinstance(module, nn.Linear)]
        hooks = [layer.register_forward_pre_hook(lambda layer, given: order.append(layer)) for layer in linear]
        try:
            scores = self.network(torch.zeros(1, *self.image_shape))  # (1, K)
        except Exception:  # of whatever was made to do something else
            raise self.no_classifier() from None
        finally:
            for hook in hooks:
                hook.remove()
        if not isinstance(scores, Tensor) or tuple(scores.shape) != (1, len(self.classes)):
            raise self.no_classifier()
        if not order:
            raise InputError(
                f"judge.run: the network of {self.name} has no linear layer, in whose inputs samples could be judged: "
                "take a classifier that has one, such as model=lenet_relu"
            )
        return order[-1]

    def no_classifier(self) -> InputError:
        return InputError(f"judge.run: {self.name} is no classifier of images: train one with task=cnn_compare")

    def remember(self, layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        self.given = given[0]

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Verdict:
        """Of images (N, C, H, W), float 0..1 or uint8."""
        found = [self.see(part) for part in images.split(BATCH)]
        return Verdict(*(torch.cat(parts).cpu() for parts in zip(*found, strict=True)))

    def see(self, images: Tensor) -> Verdict:
        pixels = images.to(self.mean.device, torch.float32)
        pixels = pixels / 255 if images.dtype == torch.uint8 else pixels
        scores = self.network((pixels - self.mean) / self.std)  # (B, K)
        confidence, classes = scores.float().softmax(1).max(1)
        return Verdict(self.given.flatten(1).float(), classes, confidence)


def load_judge(path: Path) -> JudgeNetwork:
    """From a checkpoint file."""
    return JudgeNetwork(torch.load(path, map_location="cpu", weights_only=True, mmap=True), run_name(path))


def run_name(path: Path) -> str:
    """Of the run that a checkpoint belongs to; of the file where it lies elsewhere."""
    return path.resolve().parents[1].name if path.parent.name == "checkpoints" else path.name
