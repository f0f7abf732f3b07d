"""Loading of a source at a path or URL; its format is detected from its files."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.sources.cifar import find_cifar, load_cifar
from euterpe_training.balancing.sources.fetch import fetch, is_url
from euterpe_training.balancing.sources.folder import check_size, class_folders, load_folder
from euterpe_training.balancing.sources.idx import is_idx, load_idx
from euterpe_training.balancing.sources.rolls import SUFFIXES, by_folder, load_rolls
from euterpe_training.balancing.sources.unpack import archive_name, unpack
from euterpe_training.errors import TrainingError

_TEST_SHARE = 0.2


@dataclass(frozen=True)
class SourceOptions:
    """How to read a source.

    `size` in pixels is the size to which images of folders are scaled, and that of piano rolls (64 by default). For
    MIDI files, `level` is the depth of the folder that names the class, and `at_least` the pieces that a class needs.
    `test_share` is the share of the images that is for tests where a source has no test images: a fifth by default.
    """

    sha256: str = ""
    cache: Path = Path(".data/images")
    size: int | None = None
    level: int = 1
    at_least: int = 10
    seed: int = 0
    test_share: float | None = None

    def __post_init__(self) -> None:
        if self.test_share is not None and not 0 <= self.test_share < 1:
            raise TrainingError(f"--test-share must be in [0, 1), got {self.test_share}")


@dataclass(frozen=True, eq=False)
class Source:
    """Training and test images of the same classes; `notes` are sentences about skipped files and classes.

    `undivided` is the set from which both were split, when the source has no test images of its own.
    """

    train: ImageSet
    test: ImageSet
    notes: tuple[str, ...] = ()
    undivided: ImageSet | None = None

    def divided(self, share: float | None, seed: int) -> tuple[ImageSet, ImageSet]:
        """Return training and test images split with another seed; those of a source with its own are unchanged."""
        if self.undivided is None:
            return self.train, self.test
        return _split(self.undivided, share, seed)


def load_source(place: str, options: SourceOptions | None = None) -> Source:
    """Load images from a directory, an archive, or a URL with `sha256`.

    The format is detected: idx files, batches of CIFAR, MIDI files, or folders of images, optionally below `train` and
    `test`; without those, `test_share` of the images is for tests. Test images are real: synthetic ones are recognised
    and left out. Raise TrainingError for an unusable source.
    """
    options = options or SourceOptions()
    check_size(options.size)
    path = fetch(place, options.sha256, options.cache) if is_url(place) else Path(place)
    if path.is_file():
        name = archive_name(path)
        path = _only_folder(unpack(path, options.cache, options.sha256))
    elif path.is_dir():
        name = path.resolve().name
        if options.sha256:
            raise TrainingError(f"{path} is a directory, which has no digest; omit --sha256 or give an archive")
    else:
        raise TrainingError(f"{path} does not exist; give a directory, an archive or a URL")
    if is_idx(path):
        _check_no_share(path, options)
        _check_no_size(path, options)
        return Source(load_idx(path, "train", name), load_idx(path, "t10k", name))
    if (batches := find_cifar(path)) is not None:
        _check_no_share(path, options)
        _check_no_size(path, options)
        return Source(*load_cifar(batches))
    if any(found.suffix.lower() in SUFFIXES for found in path.rglob("*.[mM][iI][dD]*")):
        return _rolls(path, name, options)
    return _folders(path, name, options)


def _rolls(path: Path, name: str, options: SourceOptions) -> Source:
    notes: list[str] = []
    rolls = load_rolls(
        path, by_folder(options.level), options.size or 64, at_least=options.at_least, note=notes.append
    )  # fmt: skip
    whole = replace(rolls, name=name)
    return Source(*_split(whole, options.test_share, options.seed), tuple(notes), whole)


def _folders(path: Path, name: str, options: SourceOptions) -> Source:
    if {"train", "test"} <= {folder.name for folder in class_folders(path)}:
        train, test = (replace(load_folder(path / part, options.size), name=name) for part in ("train", "test"))
        if train.classes != test.classes:
            raise TrainingError(f"{path}/train and {path}/test must have folders of the same names")
        if (train.size, train.channels) != (test.size, test.channels):
            raise TrainingError(f"the images in {path}/train and {path}/test differ in size or colour; give --size")
        _check_no_share(path, options)
        notes = []
        if count := int(test.is_made.sum()):
            notes.append(f"left {count} synthetic images out of the test images in {path}/test")
        return Source(train, test.real(), (*notes, *_made_notes(train)))
    whole = replace(load_folder(path, options.size), name=name)
    train, test = _split(whole, options.test_share, options.seed)
    notes = list(_made_notes(train))
    if count := len(whole) - len(train) - len(test):
        notes.append(f"left out {count} synthetic images that were made from images for tests")
    return Source(train, test, tuple(notes), whole)


def _split(images: ImageSet, test_share: float | None, seed: int) -> tuple[ImageSet, ImageSet]:
    share = _TEST_SHARE if test_share is None else test_share
    if share == 0:
        return images, images.take(np.zeros(0, np.int64))
    return split(images, share, seed)


def _made_notes(train: ImageSet) -> tuple[str, ...]:
    count = int(train.is_made.sum())
    return (f"{count} of the images are synthetic; they are used for training only",) if count else ()


def _check_no_size(path: Path, options: SourceOptions) -> None:
    if options.size is not None:
        raise TrainingError(f"{path} has images of one size, which are not scaled; omit --size")


def _check_no_share(path: Path, options: SourceOptions) -> None:
    if options.test_share is not None:
        raise TrainingError(f"{path} has test images of its own; omit --test-share")


def _only_folder(path: Path) -> Path:
    """Return the first directory below `path` that has more than a single folder in it."""
    while len(inner := list(path.iterdir())) == 1 and inner[0].is_dir():
        path = inner[0]
    return path
