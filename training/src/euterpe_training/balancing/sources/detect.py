"""What lies at a path or URL, found out from the files that are there."""

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
    """Real images to train and to test with, of the same classes; `notes` are sentences on what was left out."""

    train: ImageSet
    test: ImageSet
    notes: tuple[str, ...] = ()


def load_source(place: str, options: SourceOptions | None = None) -> Source:
    """Images at a directory, an archive, or a URL with `sha256`.

    Told apart by what is there: idx files, batches of CIFAR, MIDI files, or folders of images with `train` and `test`
    above them or without; then every fifth image is for tests. Raises TrainingError with the remedy.
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
            raise TrainingError(f"{path} is a directory, which has no digest; leave --sha256 away or give an archive")
    else:
        raise TrainingError(f"there is nothing at {path}; give a directory, an archive or a URL")
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
            raise TrainingError(f"{path}/train and {path}/test have folders of other names; they must be the same")
        if (train.size, train.channels) != (test.size, test.channels):
            raise TrainingError(f"the images in {path}/train and {path}/test differ in size or colour; give --size")
        return Source(train, test)
    return Source(*split(replace(load_folder(path, options.size), name=name), _TEST_SHARE, options.seed))


def _only_folder(path: Path) -> Path:
    """Below the folders that archives wrap their content in."""
    while len(inner := list(path.iterdir())) == 1 and inner[0].is_dir():
        path = inner[0]
    return path
