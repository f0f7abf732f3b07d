"""Which works judge models: files with their work and style, and which of them training never sees.

Any source of files will do: `list_corpus` finds the files of a folder, `read_works` those of a committed list, and
everything else takes an iterable of `CorpusFile`. All files of one work are on one side.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from euterpe_music.midi import MidiError

from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.duplicates import groups, sketches
from euterpe_training.evaluation.scores import BEATS_FILE, Score, read_score

_SUFFIXES: Final = {".mid", ".midi"}
#: Share of the works that are held out where no list says which.
HELD_OUT_SHARE: Final = 0.2


@dataclass(frozen=True)
class CorpusFile:
    """A MIDI file, the work that it belongs to (movements and copies of one work share it), and its style."""

    path: Path
    work: str
    style: str


@dataclass(frozen=True, eq=False)
class WorkSplit:
    """Scores of test works and of all other works, and files that could not be read with the reason."""

    test: tuple[Score, ...]
    others: tuple[Score, ...]
    skipped: dict[str, str]
    #: "list" where a list of test works was given, "hash" where the split is this module's own.
    source: str


def list_corpus(directory: Path) -> list[CorpusFile]:
    """The MIDI files under `directory`, each a work of its own. A file's style is its first folder.

    Nottingham's tunes (files beside the folders melody and chords) have the style that their name begins with.
    Raises TrainingError when there is no directory or no file.
    """
    if not directory.is_dir():
        raise TrainingError(f"{directory} is not a directory")
    nottingham = (directory / "melody").is_dir() and (directory / "chords").is_dir()
    found = directory.glob("*") if nottingham else directory.rglob("*")
    paths = sorted(path for path in found if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not paths:
        raise TrainingError(f"{directory} holds no .mid or .midi files")
    styles = [_nottingham_style(path) if nottingham else _style(path, directory) for path in paths]
    return [
        CorpusFile(path, str(path.relative_to(directory)), style) for path, style in zip(paths, styles, strict=True)
    ]


def read_works(path: Path, directory: Path) -> list[CorpusFile]:
    """The files of a list of test works that are under `directory`.

    The list is JSON, objects of `path` (relative to `directory`), `work` and `style`; or text with a path in each line,
    relative to `directory` or to its parent, in which files of other corpora may stand, too. Raises TrainingError for
    a malformed list, for JSON that names absent files, and for text that names none of the directory's.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if not text.lstrip().startswith("["):
            return _listed_by_line(path, text, directory)
        files = [CorpusFile(directory / row["path"], str(row["work"]), str(row["style"])) for row in json.loads(text)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} is no list of works with path, work and style: {error!r}") from error
    absent = [file.path for file in files if not file.path.is_file()]
    if absent:
        raise TrainingError(f"{len(absent)} files of {path} are not under {directory}; the first is {absent[0]}")
    return files


def _listed_by_line(path: Path, text: str, directory: Path) -> list[CorpusFile]:
    names = {line.strip() for line in text.splitlines() if line.strip()}
    found = [
        file
        for file in list_corpus(directory)
        if {str(file.path.relative_to(directory)), str(file.path.relative_to(directory.parent))} & names
    ]
    if not found:
        raise TrainingError(f"none of the {len(names)} files of {path} is under {directory} or its parent")
    return found


def load_works(
    files: Iterable[CorpusFile],
    test: Sequence[CorpusFile] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> WorkSplit:
    """Scores of `files`, split into the works of `test` and the others.

    Without `test`, a fifth of the works of each style is held out by a hash of their names. Copies and transpositions
    of a file count as the same work in both cases, so that no copy of a test work is among the others.
    """
    listed = {file.path.resolve(): file for file in test or ()}
    unique = {file.path.resolve(): file for file in files} | listed
    scores: list[Score] = []
    wanted: list[bool] = []
    skipped: dict[str, str] = {}
    for number, (path, file) in enumerate(sorted(unique.items()), start=1):
        try:
            scores.append(read_score(path, str(file.path), file.work, file.style))
            wanted.append(path in listed)
        except MidiError as error:
            skipped[str(file.path)] = str(error)
        progress(number)
    scores = merge_copies(scores)
    held = {score.work for score, is_listed in zip(scores, wanted, strict=True) if is_listed}
    if test is None:
        held = hold_out(scores)
    parts = [tuple(score for score in scores if (score.work in held) == is_test) for is_test in (True, False)]
    return WorkSplit(parts[0], parts[1], skipped, "hash" if test is None else "list")


def hold_out(scores: Iterable[Score], share: float = HELD_OUT_SHARE) -> set[str]:
    """Works of each style that are held out: those whose names' hashes are smallest. Styles with one work keep it."""
    works: dict[str, set[str]] = defaultdict(set)
    for score in scores:
        works[score.style].add(score.work)
    held: set[str] = set()
    for names in works.values():
        ranked = sorted(names, key=lambda name: hashlib.sha256(f"test\0{name}".encode()).digest())
        held.update(ranked[: round(share * len(ranked))])
    return held


def merge_copies(scores: Sequence[Score]) -> list[Score]:
    """The scores, with copies and transpositions of one another given the same work."""
    if not scores:
        return []
    offsets = np.cumsum([0, *(len(score) for score in scores)])
    found = groups(sketches(np.concatenate([score.pitch for score in scores]), offsets))
    first = {score.work: score.work for score in scores}

    def root(work: str) -> str:
        while first[work] != work:
            work = first[work]
        return work

    for number, copied in enumerate(found.tolist()):
        low, high = sorted((root(scores[copied].work), root(scores[number].work)))
        first[high] = low
    return [replace(score, work=root(score.work)) for score in scores]


def _style(path: Path, directory: Path) -> str:
    """The first folder; POP909's songs have folders of their own and are pop."""
    if (path.parent / BEATS_FILE).is_file():
        return "pop"
    folders = path.relative_to(directory).parts[:-1]
    return folders[0] if folders else directory.name


def _nottingham_style(path: Path) -> str:
    style = path.stem.rstrip("0123456789").split("-")[0]
    return "reels" if style.startswith("reels") else style
