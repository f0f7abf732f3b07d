"""CIFAR-10 (Krizhevsky 2009) as published: the binary version and the Python pickles."""

import io
import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError

_PIXELS: Final = 3 * 32 * 32
#: The files, in the order in which they are read.
_BATCHES: Final = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
#: Suffixes of the files of the binary version and of the pickles.
_SUFFIXES: Final = (".bin", "")
_CLASSES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
#: What a pickled array needs; everything else is refused, because unpickling can execute code.
_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"),
}  # fmt: skip


def find_cifar(directory: Path) -> Path | None:
    """Return the directory with at least one batch, `directory` or one below; None when there is none."""
    for place in (directory, directory / "cifar-10-batches-bin", directory / "cifar-10-batches-py"):
        if any(_there(place, suffix) for suffix in _SUFFIXES):
            return place
    return None


def load_cifar(directory: Path) -> tuple[ImageSet, ImageSet]:
    """Load training and test images from `directory`; raise TrainingError for a missing or damaged batch."""
    suffix = max(_SUFFIXES, key=lambda suffix: len(_there(directory, suffix)))
    there = _there(directory, suffix)
    missing = [name + suffix for name in _BATCHES if name + suffix not in there]
    if missing:
        raise TrainingError(f"{directory} lacks {', '.join(missing)}; download CIFAR-10 again")
    *train, test = (_read(directory / name) for name in there)
    images, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return ImageSet("cifar10", images, labels, _CLASSES), ImageSet("cifar10", *test, _CLASSES)


def _there(directory: Path, suffix: str) -> list[str]:
    return [name + suffix for name in _BATCHES if (directory / (name + suffix)).is_file()]


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    content = path.read_bytes()
    if path.suffix == ".bin":
        if not content or len(content) % (1 + _PIXELS):
            raise TrainingError(
                f"{path} is truncated: {len(content)} bytes are not a whole number of images; download it again"
            )
        rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + _PIXELS)
        labels, pixels = rows[:, 0].astype(np.int64), rows[:, 1:]
    else:
        labels, pixels = _unpickle(path, content)
    if int(labels.max(initial=0)) >= len(_CLASSES):
        raise TrainingError(f"{path} is not a batch of CIFAR-10: it has a label over 9")
    # Pixels are stored channel by channel.
    return pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), labels


def _unpickle(path: Path, content: bytes) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    try:
        batch = _Reader(io.BytesIO(content), encoding="bytes").load()
        labels = np.asarray(batch[b"labels"] if b"labels" in batch else batch["labels"], np.int64)
        pixels = np.asarray(batch[b"data"] if b"data" in batch else batch["data"])
    except Exception as error:  # a damaged pickle raises almost anything
        raise TrainingError(f"{path} is not a batch of CIFAR-10, or is damaged; download it again") from error
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), _PIXELS):
        raise TrainingError(f"{path} is not a batch of CIFAR-10: its images are not 32×32 pixels in three channels")
    return labels, pixels


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a batch of images")
        return super().find_class(module, name)
