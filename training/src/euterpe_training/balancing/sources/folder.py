"""Reading and writing of image files in one folder per class."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.provenance import (
    MADE_PREFIX,
    MANIFEST_FILE,
    Made,
    Record,
    SourceFile,
    manifest_text,
    read_manifest,
    read_record,
)
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

    Images are turned as their EXIF orientation says. `size` scales them to fit a square of so many pixels, whose rest
    is black, so that their proportions are kept. The set is grey if all images are, else RGB. Synthetic images are
    recognised, see `ImageSet.made`. Raise TrainingError for a class without images, a file that is not an image, and
    images of several sizes without `size`.
    """
    check_size(size)
    folders = class_folders(directory)
    if not folders:
        raise TrainingError(f"{directory} has no folders; put the images of each class into a folder of its name")
    listed = read_manifest(directory)
    pictures: list[Image.Image] = []
    labels: list[int] = []
    files: list[SourceFile] = []
    records: list[Record | None] = []
    for label, folder in enumerate(folders):
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not paths:
            raise TrainingError(f"the folder {folder} has no images; remove it or add images")
        for path in paths:
            picture, record = _open(path, size, listed)
            pictures.append(picture)
            records.append(record)
            files.append(SourceFile(path.resolve(), path.relative_to(folder).as_posix()))
        labels += [label] * len(paths)
        _check_sizes(pictures, paths, directory)
    mode = "L" if all(picture.mode == "L" for picture in pictures) else "RGB"
    images = np.stack([np.asarray(picture.convert(mode)) for picture in pictures])
    images = images[..., None] if mode == "L" else images
    names = tuple(folder.name for folder in folders)
    return ImageSet(
        directory.name, images, np.array(labels), names,
        files=_objects(files), made=_objects(_linked(records, labels, files)),
    )  # fmt: skip


def _linked(records: list[Record | None], labels: list[int], files: list[SourceFile]) -> list[Made | None]:
    """Return records with their parents as groups; parents that were removed are left out."""
    groups = {(label, file.name): group for group, (label, file) in enumerate(zip(labels, files, strict=True))}
    return [
        None
        if one is None
        else Made(one.method, one.seed, tuple(groups[label, name] for name in one.parents if (label, name) in groups),
                  one.model)
        for one, label in zip(records, labels, strict=True)
    ]  # fmt: skip


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    """Return an array of objects; NumPy would make an array of two axes from tuples."""
    array = np.full(len(values), None, object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def save_folders(parts: dict[str, ImageSet], directory: Path) -> None:
    """Write sets into folders by their names, with one folder per class, all or none.

    Images that were read from files are copied, with their names and bytes; others are written as PNG files. Synthetic
    images are named `made-METHOD-SEED-NUMBER.png` and listed in `manifest.csv`. Raise TrainingError when `directory`
    exists.
    """
    if directory.exists():
        raise TrainingError(f"{directory} already exists; choose another directory")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as place:
        whole = Path(place) / "whole"
        rows = [row for name, images in parts.items() for row in _save(images, whole / name, name)]
        if rows:
            (whole / MANIFEST_FILE).write_text(manifest_text(rows), encoding="utf-8")
        whole.replace(directory)


def _save(images: ImageSet, directory: Path, part: str) -> list[tuple[str, str, Record]]:
    """Write a set; return the rows of the manifest."""
    digits = len(str(len(images)))
    names = [
        "" if made is not None else file.name if file else f"{index:0{digits}}.png"
        for index, (file, made) in enumerate(zip(images.files, images.made, strict=True))
    ]
    # Images of one group, such as the windows of a piece, cannot be told apart as parents.
    alone = Counter(images.groups.tolist())
    name_of = {group: name for group, name in zip(images.groups.tolist(), names, strict=True) if alone[group] == 1}
    rows = []
    for label, title in enumerate(images.classes):
        folder = directory / title
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        for index in images.of(label):
            made, file = images.made[index], images.files[index]
            if made is None and file:
                path = folder / names[index]
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.path, path)
            elif made is None:
                _picture(images.images[index]).save(folder / names[index])
            else:
                number += 1
                name = f"{MADE_PREFIX}{made.method}-{made.seed}-{number:0{digits}}.png"
                parents = tuple(name_of[group] for group in made.parents if name_of.get(group))
                record = Record(made.method, made.seed, parents, made.model)
                _picture(images.images[index]).save(folder / name, pnginfo=record.png_text())
                rows.append((f"{part}/{title}", name, record))
    return rows


def _picture(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _open(path: Path, size: int | None, listed: dict[Path, Record]) -> tuple[Image.Image, Record | None]:
    """Return an image, and how it was made if it is synthetic."""
    try:
        with Image.open(path) as opened:
            opened.load()
            record = read_record(path, opened, listed)
            picture = _eight_bits(ImageOps.exif_transpose(opened), opened.format)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TrainingError(f"{path} is not an image, or is damaged; replace or remove it") from error
    if picture is None:
        raise TrainingError(f"{path} has pixels of 32 bits, whose range is unknown; save it with 8 or 16 bits")
    if size is None or picture.size == (size, size):
        return picture, record
    return ImageOps.pad(picture, (size, size), Image.Resampling.LANCZOS, color=0), record


def _eight_bits(opened: Image.Image, source_format: str | None) -> Image.Image | None:
    """Convert an image to 8-bit grey or RGB; return None when its range of values is unknown."""
    # Pillow opens 16 bits as I;16, those of PNG and PGM also as I, and its conversion clips at 255.
    if opened.mode.startswith("I;16") or (opened.mode == "I" and source_format in ("PNG", "PPM")):
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
