"""Grids of images, as arrays and PNG files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from euterpe_training.balancing.images import Pixels

_GAP = 2


def grid(rows: list[Pixels], scale: int = 1) -> NDArray[np.uint8]:
    """Arrange rows of images, of any lengths, in one picture [height, width, 3] with white gaps."""
    columns = max(len(row) for row in rows)
    height, width = rows[0].shape[1:3]
    picture = np.full((len(rows) * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            top, left = _GAP + y * (height + _GAP), _GAP + x * (width + _GAP)
            picture[top : top + height, left : left + width] = image
    return picture.repeat(scale, 0).repeat(scale, 1)


def save_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Write a picture as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, optimize=True)
