"""Conversion between stored images and tensors, and batches of tensors."""

import numpy as np
import torch
from torch import Tensor

from euterpe_training.balancing.config import Precision
from euterpe_training.balancing.images import ImageSet, Pixels


def to_tensor(images: Pixels) -> Tensor:
    """Convert [count, height, width, channels] in 0..255 to [count, channels, height, width] in −1..1."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).to(torch.float32) / 127.5 - 1


def to_pixels(tensor: Tensor) -> Pixels:
    """Invert `to_tensor`; values outside −1..1 are clamped."""
    scaled = ((tensor.detach().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return np.asarray(scaled.cpu().numpy().transpose(0, 2, 3, 1))


def device_for(name: str = "auto") -> torch.device:
    """Return a device; `auto` is a GPU if there is one."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


def reduced_precision(precision: Precision, device: torch.device) -> torch.autocast:
    """Return a context in which products have this precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


class Batches:
    """A set on the device, in shuffled batches of (images in −1..1, labels)."""

    def __init__(self, images: ImageSet, batch_size: int, device: torch.device) -> None:
        self.images = to_tensor(images.images).to(device)
        self.labels = torch.from_numpy(images.labels).to(device)
        self.batch_size = batch_size
        self.by_class = [torch.from_numpy(images.of(label)).to(device) for label in range(len(images.classes))]

    def shuffled(self, generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
        """Return all images once, in random order; a last batch of one image, on which batch norm fails, is merged."""
        order = torch.randperm(len(self.labels), generator=generator)
        parts = list(torch.split(order, self.batch_size))
        if len(parts) > 1 and len(parts[-1]) == 1:
            parts[-2:] = [torch.cat(parts[-2:])]
        return [(self.images[part], self.labels[part]) for part in parts]
