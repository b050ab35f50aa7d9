"""Principal component analysis (Pearson 1901): the linear code of a size that loses the least."""

from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 4096  # images at a time, so that the pixels of a whole set are never held in 64 bits


@dataclass(frozen=True)
class PrincipalComponents:
    """Of images of D numbers each, whatever their shape: `mean` (D,) and orthonormal `directions` (D, k), float64."""

    mean: Tensor
    directions: Tensor

    @classmethod
    def of(cls, images: Tensor, count: int) -> "PrincipalComponents":
        """Those `count` directions in which `images` (N, …) vary most, or all there are, on the images' device.

        From the eigenvectors of their covariance, which is exact to about 1e-8 of the largest deviation.
        """
        wide = torch.float32 if images.device.type == "mps" else torch.float64
        samples = images.flatten(1)  # (N, D)
        mean = torch.stack([part.to(wide).sum(0) for part in samples.split(CHUNK)]).sum(0) / len(samples)  # (D,)
        covariance = samples.new_zeros(len(mean), len(mean), dtype=wide)  # (D, D)
        for part in samples.split(CHUNK):
            centred = part.to(wide) - mean
            covariance.addmm_(centred.T, centred)
        count = min(count, len(mean), len(samples) - 1)  # around their mean, N samples span N - 1 directions
        directions = torch.linalg.eigh(covariance).eigenvectors  # (D, D), the smallest first
        return cls(mean, directions[:, len(mean) - count :].flip(1).contiguous())

    def encode(self, images: Tensor) -> Tensor:
        """(N, k)."""
        return (images.flatten(1).to(self.mean.dtype) - self.mean) @ self.directions

    def reconstruct(self, images: Tensor) -> Tensor:
        """`images` (N, …) as k numbers each can give them back: as they are shaped, in the precision of `mean`."""
        return (self.encode(images) @ self.directions.T + self.mean).view_as(images)
