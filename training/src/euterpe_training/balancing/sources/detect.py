"""Loading of a source at a path or URL; its format is detected from its files."""

from dataclasses import dataclass, replace
from pathlib import Path

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
    """

    sha256: str = ""
    cache: Path = Path(".data/images")
    size: int | None = None
    level: int = 1
    at_least: int = 10
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """Training and test images of the same classes; `notes` are sentences about skipped files and classes."""

    train: ImageSet
    test: ImageSet
    notes: tuple[str, ...] = ()


def load_source(place: str, options: SourceOptions | None = None) -> Source:
    """Load images from a directory, an archive, or a URL with `sha256`.

    The format is detected: idx files, batches of CIFAR, MIDI files, or folders of images, optionally below `train` and
    `test`; without those, a fifth of the images is for tests. Raise TrainingError for an unusable source.
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
        return Source(load_idx(path, "train", name), load_idx(path, "t10k", name))
    if (batches := find_cifar(path)) is not None:
        return Source(*load_cifar(batches))
    if any(found.suffix.lower() in SUFFIXES for found in path.rglob("*.[mM][iI][dD]*")):
        return _rolls(path, name, options)
    return _folders(path, name, options)


def _rolls(path: Path, name: str, options: SourceOptions) -> Source:
    notes: list[str] = []
    rolls = load_rolls(
        path, by_folder(options.level), options.size or 64, at_least=options.at_least, note=notes.append
    )  # fmt: skip
    return Source(*split(replace(rolls, name=name), _TEST_SHARE, options.seed), tuple(notes))


def _folders(path: Path, name: str, options: SourceOptions) -> Source:
    if {"train", "test"} <= {folder.name for folder in class_folders(path)}:
        train, test = (replace(load_folder(path / part, options.size), name=name) for part in ("train", "test"))
        if train.classes != test.classes:
            raise TrainingError(f"{path}/train and {path}/test must have folders of the same names")
        if (train.size, train.channels) != (test.size, test.channels):
            raise TrainingError(f"the images in {path}/train and {path}/test differ in size or colour; give --size")
        return Source(train, test)
    return Source(*split(replace(load_folder(path, options.size), name=name), _TEST_SHARE, options.seed))


def _only_folder(path: Path) -> Path:
    """Return the first directory below `path` that has more than a single folder in it."""
    while len(inner := list(path.iterdir())) == 1 and inner[0].is_dir():
        path = inner[0]
    return path
