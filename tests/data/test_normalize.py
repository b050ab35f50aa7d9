import torch
from torchvision.transforms import v2

from dlexp.data.normalize import Normalize


def test_equals_torchvision() -> None:
    mean, std = [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]
    images = torch.arange(3 * 256, dtype=torch.int64).remainder(256).to(torch.uint8).view(1, 3, 16, 16)
    ours = Normalize(mean=mean, std=std, device=torch.device("cpu"))(images)
    theirs = v2.functional.normalize(images.double() / 255, mean, std)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, theirs.float(), rtol=1e-6, atol=1e-6)


def test_leaves_the_pixels_alone() -> None:
    images = torch.full((2, 1, 3, 3), 7, dtype=torch.uint8)
    Normalize(mean=[0.5], std=[0.5], device=torch.device("cpu"))(images)
    assert images.eq(7).all()
