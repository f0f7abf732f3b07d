"""idx files (Y. LeCun's format), plain or gzipped, in which MNIST and Fashion-MNIST are published."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError

_UNSIGNED_BYTES: Final = 0x08
FASHION_CLASSES: Final = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def find_idx(directory: Path, part: str) -> tuple[Path, Path] | None:
    """Return the files of images and labels of `part` (`train` or `t10k`); None when one is missing."""
    images, labels = (_find(directory, part, kind) for kind in ("images", "labels"))
    return None if images is None or labels is None else (images, labels)


def _find(directory: Path, part: str, kind: str) -> Path | None:
    rank = 3 if kind == "images" else 1
    names = (f"{part}-{kind}{sep}idx{rank}-ubyte{end}" for sep in "-." for end in ("", ".gz"))
    return next((directory / name for name in names if (directory / name).is_file()), None)


def is_idx(directory: Path) -> bool:
    """Return whether any of the four files exists; `load_idx` reports those that are missing."""
    return any(_find(directory, part, kind) for part in ("train", "t10k") for kind in ("images", "labels"))


def load_idx(directory: Path, part: str, name: str) -> ImageSet:
    """Load the images of a part, with ten classes; `name` is that of the directory, or of its archive.

    Raise TrainingError when a file is missing or damaged.
    """
    paths = find_idx(directory, part)
    if paths is None:
        missing = "images-idx3" if _find(directory, part, "images") is None else "labels-idx1"
        raise TrainingError(f"{directory} lacks {part}-{missing}-ubyte; download it again")
    images, labels = (read_idx(path) for path in paths)
    if images.ndim != 3 or labels.ndim != 1:
        raise TrainingError(f"{paths[0].name} and {paths[1].name} in {directory} are not images and labels")
    # Both sets have files of the same names. Only the last folder counts: MNIST may be in `fashion-work/mnist`.
    fashion = "fashion" in f"{name} {directory.name}".lower()
    classes = FASHION_CLASSES if fashion else tuple(str(n) for n in range(10))
    return ImageSet("fashion" if fashion else name, images[..., None], labels.astype(np.int64), classes)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array in an idx file of unsigned bytes; raise TrainingError for another format or a truncated file."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise TrainingError(f"{path} cannot be read, download it again: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTES:
        raise TrainingError(f"{path} is not an idx file of bytes")
    rank = content[3]
    if len(content) < 4 + 4 * rank:
        raise TrainingError(f"{path} is truncated in its header; download it again")
    shape = struct.unpack_from(f">{rank}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    if len(values) != math.prod(shape):
        raise TrainingError(f"{path} has {len(values)} values, but its header says {shape}; download it again")
    return values.reshape(shape).copy()
