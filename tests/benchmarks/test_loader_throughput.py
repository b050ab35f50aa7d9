"""Images a second out of the training loader, with and without augmentation.

    pytest tests/benchmarks/test_loader_throughput.py

Against the least that makes a batch (a gather and a normalisation), and against torchvision v2 transforms of
tensors, sample by sample, in a DataLoader without workers. 10,000 images of CIFAR-10's shape, batches of 128.
"""

import statistics
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from dlexp.data.image_data import Arrays, ImageData

COUNT, BATCH, ROUNDS = 10_000, 128, 5
MEAN, STD = [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]
NONE = {"shift": 0, "flip": "none", "cutout": 0, "erase": 0.0}
SHIFT_FLIP = NONE | {"shift": 4, "flip": "random"}
EVERYTHING = {"shift": 4, "flip": "random", "cutout": 8, "erase": 0.25}

Batches = Iterable[tuple[Tensor, Tensor]]


class RandomImages(ImageData):
    classes = tuple("0123456789")

    def download(self) -> None: ...

    def read(self) -> dict[str, Arrays]:
        random = np.random.default_rng(0)
        images = random.integers(256, size=(COUNT, 3, 32, 32), dtype=np.uint8)
        return {"train": (images, random.integers(10, size=COUNT))}


def ours(**augment: object) -> Batches:
    data = RandomImages(
        folder=".",
        verify=False,
        input_shape=[3, 32, 32],
        num_classes=10,
        mean=MEAN,
        std=STD,
        batch_size=BATCH,
        eval_batch_size=BATCH,
        validation=None,
        limit=None,
        leave_out=None,
        augment=augment,
        seed=0,
    )
    data.setup()
    return data.train_dataloader()


class Gather:
    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images, labels
        self.mean, self.std = (torch.tensor(values).view(3, 1, 1) * 255 for values in (MEAN, STD))

    def __iter__(self):
        for index in torch.randperm(len(self.labels)).split(BATCH):
            yield self.images[index].float().sub_(self.mean).div_(self.std), self.labels[index]


class Samples(Dataset):
    def __init__(self, images: Tensor, labels: Tensor, *augmentation: Callable[[Tensor], Tensor]) -> None:
        self.images, self.labels = images, labels
        to_float = v2.ToDtype(torch.float32, scale=True)
        self.transform = v2.Compose([*augmentation, to_float, v2.Normalize(MEAN, STD)])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.transform(self.images[index]), self.labels[index]


def torchvision(images: Tensor, labels: Tensor, *augmentation: Callable[[Tensor], Tensor]) -> Batches:
    return DataLoader(Samples(images, labels, *augmentation), batch_size=BATCH, shuffle=True)


def cpu_seconds(batches: Batches) -> float:
    """Of one epoch."""
    begun = time.process_time()
    for _ in batches:
        pass
    return time.process_time() - begun


def test_loader(benchmark, report: list[str]) -> None:
    train = RandomImages.read(None)["train"]
    tensors = [torch.from_numpy(array) for array in train]
    shift_flip = v2.RandomCrop(32, padding=4, padding_mode="reflect"), v2.RandomHorizontalFlip()
    loaders = {
        "gather and normalise": Gather(*tensors),
        "dlexp": ours(**NONE),
        "torchvision v2": torchvision(*tensors),
        "dlexp, shift and flip": ours(**SHIFT_FLIP),
        "torchvision v2, crop and flip": torchvision(*tensors, *shift_flip),
        "dlexp, all augmentations": ours(**EVERYTHING),
    }
    times: dict[str, list[float]] = {name: [] for name in loaders}

    def round_of_all() -> None:
        for name, batches in loaders.items():
            times[name].append(cpu_seconds(batches))

    benchmark.pedantic(round_of_all, rounds=ROUNDS, warmup_rounds=1)

    report.append(f"{'loader':34} {'images / CPU s':>14}   / gather")
    for name, rounds in times.items():
        pairs = zip(rounds[1:], times["gather and normalise"][1:], strict=True)
        ratio = statistics.median(gather / own for own, gather in pairs)
        throughput = COUNT / statistics.median(rounds[1:])
        benchmark.extra_info[name] = {"images_per_cpu_second": throughput, "throughput_ratio": ratio}
        report.append(f"  {name:32} {throughput:14,.0f} {ratio:7.2f} x")
