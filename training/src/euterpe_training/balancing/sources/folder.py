"""Reading and writing of image files in one folder per class."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError

SUFFIXES: Final = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"}


def class_folders(directory: Path) -> list[Path]:
    """Return the folders in a directory, one per class, ordered by name."""
    return sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))


def check_size(size: int | None) -> None:
    """Raise TrainingError for a size below 1."""
    if size is not None and size < 1:
        raise TrainingError(f"--size must be 1 or more, got {size}")


def load_folder(directory: Path, size: int | None = None) -> ImageSet:
    """Load all images below `directory`, in which every folder is a class.

    `size` scales them to squares of so many pixels. The set is grey if all images are, else RGB. Raise TrainingError
    for a class without images, a file that is not an image, and images of several sizes without `size`.
    """
    check_size(size)
    folders = class_folders(directory)
    if not folders:
        raise TrainingError(f"{directory} has no folders; put the images of each class into a folder of its name")
    pictures: list[Image.Image] = []
    labels: list[int] = []
    for label, folder in enumerate(folders):
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not paths:
            raise TrainingError(f"the folder {folder} has no images; remove it or add images")
        pictures += [_open(path, size) for path in paths]
        labels += [label] * len(paths)
        _check_sizes(pictures, paths, directory)
    mode = "L" if all(picture.mode == "L" for picture in pictures) else "RGB"
    images = np.stack([np.asarray(picture.convert(mode)) for picture in pictures])
    images = images[..., None] if mode == "L" else images
    return ImageSet(directory.name, images, np.array(labels), tuple(folder.name for folder in folders))


def save_folders(parts: dict[str, ImageSet], directory: Path) -> None:
    """Write sets into folders by their names, as PNG files in one folder per class, all or none.

    Raise TrainingError when `directory` exists.
    """
    if directory.exists():
        raise TrainingError(f"{directory} already exists; choose another directory")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as place:
        whole = Path(place) / "whole"
        for name, images in parts.items():
            _save(images, whole / name)
        whole.replace(directory)


def _save(images: ImageSet, directory: Path) -> None:
    digits = len(str(len(images)))
    for label, name in enumerate(images.classes):
        folder = directory / name
        folder.mkdir(parents=True, exist_ok=True)
        for index in images.of(label):
            _picture(images.images[index]).save(folder / f"{index:0{digits}}.png")


def _picture(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _open(path: Path, size: int | None) -> Image.Image:
    try:
        with Image.open(path) as opened:
            opened.load()
            picture = _eight_bits(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TrainingError(f"{path} is not an image, or is damaged; replace or remove it") from error
    if picture is None:
        raise TrainingError(f"{path} has pixels of 32 bits, whose range is unknown; save it with 8 or 16 bits")
    if size is None or picture.size == (size, size):
        return picture
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def _eight_bits(opened: Image.Image) -> Image.Image | None:
    """Convert an image to 8-bit grey or RGB; return None when its range of values is unknown."""
    # Pillow opens 16 bits as I;16, those of PNG and PGM also as I, and its conversion clips at 255.
    if opened.mode.startswith("I;16") or (opened.mode == "I" and opened.format in ("PNG", "PPM")):
        values = np.asarray(opened).astype(np.int64)
        return Image.fromarray(((values + 128) // 257).clip(0, 255).astype(np.uint8))
    if opened.mode in ("I", "F"):
        return None
    return opened.convert("L" if opened.mode in ("L", "1") else "RGB")


def _check_sizes(pictures: list[Image.Image], paths: list[Path], directory: Path) -> None:
    first = pictures[0].size
    for picture, path in zip(pictures[-len(paths) :], paths, strict=True):
        if picture.size != first:
            (width, height), (others_width, others_height) = picture.size, first
            raise TrainingError(
                f"{path} has {width}×{height} pixels, but others in {directory} have {others_width}×{others_height}; "
                "give --size to scale them all"
            )
