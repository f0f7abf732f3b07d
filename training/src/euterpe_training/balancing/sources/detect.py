"""What lies at a path or URL, found out from the files that are there."""

from dataclasses import dataclass
from pathlib import Path

from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.sources.cifar import find_cifar, load_cifar
from euterpe_training.balancing.sources.fetch import fetch, is_url, unpack
from euterpe_training.balancing.sources.folder import class_folders, load_folder
from euterpe_training.balancing.sources.idx import find_idx, load_idx
from euterpe_training.balancing.sources.rolls import SUFFIXES, by_folder, load_rolls
from euterpe_training.errors import TrainingError

_TEST_SHARE = 0.2


@dataclass(frozen=True)
class SourceOptions:
    """How to read a source. `size` scales images of folders, and is what piano rolls are cut to (64 by default)."""

    sha256: str = ""
    cache: Path = Path(".data/images")
    size: int | None = None
    #: Of a corpus of MIDI files: which folder names the class, and how many pieces a class needs.
    level: int = 1
    at_least: int = 10
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """Real images to train and to test with, of the same classes."""

    train: ImageSet
    test: ImageSet


def load_source(place: str, options: SourceOptions | None = None) -> Source:
    """Images at a directory, an archive, or a URL with `sha256`.

    Told apart by what is there: idx files, batches of CIFAR, MIDI files, or folders of images with `train` and `test`
    above them or without; then every fifth image is for tests. Raises TrainingError with the remedy.
    """
    options = options or SourceOptions()
    path = fetch(place, options.sha256, options.cache) if is_url(place) else Path(place)
    if path.is_file():
        path = _only_folder(unpack(path, options.cache))
    if not path.is_dir():
        raise TrainingError(f"there is nothing at {path}; give a directory, an archive or a URL")
    if find_idx(path, "train"):
        return Source(load_idx(path, "train"), load_idx(path, "t10k"))
    if (batches := find_cifar(path)) is not None:
        return Source(*load_cifar(batches))
    if any(found.suffix.lower() in SUFFIXES for found in path.rglob("*.[mM][iI][dD]*")):
        rolls = load_rolls(path, by_folder(options.level), options.size or 64, at_least=options.at_least)
        return Source(*split(rolls, _TEST_SHARE, options.seed))
    return _folders(path, options)


def _folders(path: Path, options: SourceOptions) -> Source:
    if {"train", "test"} <= {folder.name for folder in class_folders(path)}:
        train, test = (load_folder(path / part, options.size) for part in ("train", "test"))
        if train.classes != test.classes:
            raise TrainingError(f"{path}/train and {path}/test have folders of other names; they must be the same")
        if (train.size, train.channels) != (test.size, test.channels):
            raise TrainingError(f"the images in {path}/train and {path}/test differ in size or colour; give --size")
        return Source(train, test)
    return Source(*split(load_folder(path, options.size), _TEST_SHARE, options.seed))


def _only_folder(path: Path) -> Path:
    """Below the folders that archives wrap their content in."""
    while len(inner := list(path.iterdir())) == 1 and inner[0].is_dir():
        path = inner[0]
    return path
