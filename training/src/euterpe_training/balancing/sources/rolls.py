"""Piano-roll images from folders of MIDI files, by composer or genre."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.roll_images import roll_images
from numpy.typing import NDArray

from euterpe_training.balancing.images import ImageSet, Pixels
from euterpe_training.errors import TrainingError

SUFFIXES: Final = {".mid", ".midi"}
#: Maximum number of windows per piece, so that long pieces do not dominate.
DEFAULT_WINDOWS: Final = 4
#: Number of skipped files that a note names.
_NAMED: Final = 3

#: Maps a file's path below the corpus to its class; None skips the file.
Labeller = Callable[[Path], str | None]


def by_folder(level: int) -> Labeller:
    """Return a labeller by the folder at a depth: in a corpus of genre/composer/piece.mid, 1 genre, 2 composer."""

    def label(path: Path) -> str | None:
        return path.parts[level - 1] if len(path.parts) > level else None

    return label


def load_rolls(
    directory: Path,
    label: Labeller,
    size: int = 64,
    windows: int = DEFAULT_WINDOWS,
    at_least: int = 10,
    note: Callable[[str], None] = lambda _: None,
) -> ImageSet:
    """Load images [count, size, size, 1]; the windows of a piece are one group.

    Unreadable files and classes with fewer than `at_least` pieces are skipped; `note` is called with a sentence on
    each. Raise TrainingError when fewer than two classes remain.
    """
    paths = sorted(path for path in directory.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    named = [(path, name) for path in paths if (name := label(path.relative_to(directory))) is not None]
    if not named:
        raise TrainingError(f"{directory} has no MIDI files in folders that name their class")
    with ThreadPoolExecutor(2) as threads:
        rolls = list(threads.map(lambda entry: _windows(entry[0], size, windows), named))
    pieces: dict[str, list[tuple[int, Pixels]]] = {name: [] for _, name in named}
    for group, ((_, name), images) in enumerate(zip(named, rolls, strict=True)):
        if images is not None and len(images):
            pieces[name].append((group, images))
    for sentence in _skipped(paths, named, rolls):
        note(sentence)
    for name, found in sorted(pieces.items()):
        if len(found) < at_least:
            note(f"skipped class {name} with {_count(len(found), 'piece')}: {at_least} are needed")
    classes = tuple(sorted(name for name, found in pieces.items() if len(found) >= max(at_least, 1)))
    if len(classes) < 2:
        raise TrainingError(
            f"{directory} has {len(classes)} classes with at least {at_least} pieces; balancing needs two or more"
        )
    return _assemble(directory.name, classes, pieces)


def _assemble(name: str, classes: tuple[str, ...], pieces: dict[str, list[tuple[int, Pixels]]]) -> ImageSet:
    entries = [(label, group, images) for label, name in enumerate(classes) for group, images in pieces[name]]
    lengths = [len(images) for _, _, images in entries]
    return ImageSet(
        name,
        np.concatenate([images for _, _, images in entries])[..., None],
        np.repeat([label for label, _, _ in entries], lengths),
        classes,
        np.repeat([group for _, group, _ in entries], lengths),
    )


def _windows(path: Path, size: int, limit: int) -> NDArray[np.uint8] | None:
    """Return the windows of a file, none if it has no notes in range; None for an unreadable file."""
    try:
        return roll_images(read_midi(path), size, limit)
    except (MidiError, OSError):
        return None


def _skipped(
    paths: list[Path], named: list[tuple[Path, str]], rolls: list[NDArray[np.uint8] | None]
) -> Iterator[str]:  # fmt: skip
    inside = {path for path, _ in named}
    if outside := [path for path in paths if path not in inside]:
        yield f"skipped {_count(len(outside), 'file')} without a class: {_some(outside)}"
    for name in sorted({name for _, name in named}):
        of_class = [(path, images) for (path, other), images in zip(named, rolls, strict=True) if other == name]
        if unread := [path for path, images in of_class if images is None]:
            yield f"skipped {_count(len(unread), 'unreadable file')} of class {name}: {_some(unread)}"
        if silent := [path for path, images in of_class if images is not None and not len(images)]:
            yield f"skipped {_count(len(silent), 'file')} of class {name} without notes in range: {_some(silent)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _some(paths: list[Path]) -> str:
    names = ", ".join(path.name for path in paths[:_NAMED])
    return names if len(paths) <= _NAMED else f"{names} and {len(paths) - _NAMED} more"
