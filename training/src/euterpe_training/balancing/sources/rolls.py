"""Piano-roll images cut from a folder of MIDI files, by composer or genre."""

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
#: Of long pieces no more than this many windows are taken: an opera must not outweigh a prelude.
DEFAULT_WINDOWS: Final = 4
#: Of files that are left out, so many are named.
_NAMED: Final = 3

#: From a file's path below the corpus to its class; None leaves it out.
Labeller = Callable[[Path], str | None]


def by_folder(level: int) -> Labeller:
    """The folder at a depth names the class: 1 the genre, 2 the composer, in a corpus of genre/composer/piece.mid."""

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
    """Images [count, size, size, 1]; the windows of a piece share a group.

    Files that cannot be read are left out, and so are classes with fewer than `at_least` pieces; `note` is called with
    a sentence on each. TrainingError when fewer than two classes remain.
    """
    paths = sorted(path for path in directory.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    named = [(path, name) for path in paths if (name := label(path.relative_to(directory))) is not None]
    if not named:
        raise TrainingError(f"{directory} holds no MIDI files in folders that name their class")
    with ThreadPoolExecutor(2) as threads:
        rolls = list(threads.map(lambda entry: _windows(entry[0], size, windows), named))
    pieces: dict[str, list[tuple[int, Pixels]]] = {name: [] for _, name in named}
    for group, ((_, name), images) in enumerate(zip(named, rolls, strict=True)):
        if images is not None and len(images):
            pieces[name].append((group, images))
    for sentence in _left_out(paths, named, rolls):
        note(sentence)
    for name, found in sorted(pieces.items()):
        if len(found) < at_least:
            note(f"class {name} has {_count(len(found), 'piece')} and is left out: {at_least} are needed")
    classes = tuple(sorted(name for name, found in pieces.items() if len(found) >= max(at_least, 1)))
    if len(classes) < 2:
        raise TrainingError(f"{directory} has {len(classes)} classes of {at_least} pieces or more; balancing needs two")
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


def _windows(path: Path, size: int, most: int) -> NDArray[np.uint8] | None:
    """None when the file cannot be read; no windows when it has no notes to draw."""
    try:
        return roll_images(read_midi(path), size, most)
    except (MidiError, OSError):
        return None


def _left_out(
    paths: list[Path], named: list[tuple[Path, str]], rolls: list[NDArray[np.uint8] | None]
) -> Iterator[str]:  # fmt: skip
    inside = {path for path, _ in named}
    if outside := [path for path in paths if path not in inside]:
        yield f"{_count(len(outside), 'file')} of no class left out: {_some(outside)}"
    for name in sorted({name for _, name in named}):
        of_class = [(path, images) for (path, other), images in zip(named, rolls, strict=True) if other == name]
        if unread := [path for path, images in of_class if images is None]:
            yield f"{_count(len(unread), 'file')} of class {name} could not be read: {_some(unread)}"
        if silent := [path for path, images in of_class if images is not None and not len(images)]:
            yield f"{_count(len(silent), 'file')} of class {name} without notes to draw left out: {_some(silent)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _some(paths: list[Path]) -> str:
    names = ", ".join(path.name for path in paths[:_NAMED])
    return names if len(paths) <= _NAMED else f"{names} and {len(paths) - _NAMED} more"
