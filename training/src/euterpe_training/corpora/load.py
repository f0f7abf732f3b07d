"""From a directory of MIDI files to a corpus, with a cache."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from euterpe_music.events import encode
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.piece import Piece
from euterpe_music.preprocessing import preprocess
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.corpora.corpus import Corpus
from euterpe_training.corpora.duplicates import groups, sketch
from euterpe_training.corpora.pacing import paced
from euterpe_training.corpora.split import composer
from euterpe_training.corpora.synthetic import chords
from euterpe_training.corpora.tonality import transposed, white_key_shift
from euterpe_training.errors import TrainingError

#: Part of the cache's key; goes up when loading changes what it yields.
_LOADER_VERSION: Final = 3
_SUFFIXES: Final = {".mid", ".midi"}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CorpusOptions:
    """What is done to every piece before it is encoded, and how long it must be to stay."""

    #: The thesis' three steps.
    preprocess: bool = True
    drop_drums: bool = True
    #: Move every piece to C major or A minor, where the ladder of white keys fits.
    transpose: bool = True
    #: Keep one of several notes with equal onset and pitch: instruments in unison are one tone on a piano.
    merge_unisons: bool = True
    min_events: int = 100
    #: Folders of the corpus to use, such as "jazz"; all when it is empty.
    folders: tuple[str, ...] = ()
    #: The only composer (folder of a file) to use; all when it is empty.
    composer: str = ""
    #: Songs of each composer, the first by name; 0 for all.
    works_per_composer: int = 0
    #: A silent event at every quarter without an onset.
    pace_events: bool = False
    #: Made-up triads instead of the songs.
    synthetic_chords: bool = False

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CorpusOptions":
        """The options that `dataclasses.asdict` described, also after JSON."""
        return cls(**{**values, "folders": tuple(values.get("folders", ()))})


def load_corpus(
    directory: Path,
    spec: EventSpec,
    options: CorpusOptions,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """The MIDI files under `directory` as events; files that cannot be used are skipped with the reason.

    `cache` is a directory where the arrays are kept, under a key of all that decides them: the files' names and
    contents, spec and options. Raises TrainingError when there is no directory, no file, or none that can be used.
    """
    if not directory.is_dir():
        raise TrainingError(f"the corpus {directory} is not a directory")
    roots = [directory / folder for folder in options.folders] or [directory]
    found = (path for root in roots for path in root.rglob("*"))
    paths = sorted(path for path in found if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not paths:
        where = f" in its folders {', '.join(options.folders)}" if options.folders else ""
        raise TrainingError(f"the corpus {directory} holds no .mid or .midi files{where}")
    names = _selected([str(path.relative_to(directory)) for path in paths], options)
    contents = {name: (directory / name).read_bytes() for name in names}
    digest = _digest(contents)
    key = json.dumps([_LOADER_VERSION, digest, spec.sha256, asdict(options)], sort_keys=True)
    stored = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz" if cache else None
    if stored and stored.is_file():
        return _restore(stored, directory.name, digest)
    corpus = _encode_all(directory.name, contents, digest, spec, options, progress)
    if stored:
        _store(stored, corpus)
    return corpus


def _selected(names: list[str], options: CorpusOptions) -> list[str]:
    """The names that composer and works_per_composer leave."""
    kept: list[str] = []
    counts: Counter[str] = Counter()
    for name in names:
        whose = composer(name)
        counts[whose] += 1
        fits = not options.composer or whose == options.composer
        if fits and (not options.works_per_composer or counts[whose] <= options.works_per_composer):
            kept.append(name)
    if not kept:
        there = ", ".join(sorted(counts)[:8])
        raise TrainingError(f"the corpus holds no songs of the composer {options.composer!r}; there are {there}, …")
    return kept


def prepare(piece: Piece, options: CorpusOptions) -> Piece:
    """What `options` ask for, applied to one piece."""
    if options.drop_drums:
        drums = np.array([track.is_drum for track in piece.tracks])
        if drums.any():
            piece = piece.with_notes(piece.notes[~drums[piece.notes["track"]]])
    if options.preprocess:
        piece = preprocess(piece)
    if options.transpose and len(piece.notes):
        piece = transposed(piece, white_key_shift(piece))
    return piece


def _digest(contents: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, content in contents.items():
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def _encode_all(
    name: str,
    contents: dict[str, bytes],
    digest: str,
    spec: EventSpec,
    options: CorpusOptions,
    progress: Progress | None,
) -> Corpus:
    songs: dict[str, NDArray[np.float32]] = {}
    pace: list[float] = []
    sketches: list[NDArray[np.uint64]] = []
    skipped: dict[str, str] = {}
    for count, (path, content) in enumerate(contents.items(), start=1):
        try:
            piece = chords(path) if options.synthetic_chords else prepare(read_midi(content), options)
        except MidiError as error:
            skipped[path] = str(error)
            continue
        finally:
            if progress:
                progress(count, len(contents))
        events = encode(merge_unisons(piece, spec) if options.merge_unisons else piece, spec)
        if options.pace_events:
            events = paced(events, spec)
        if len(events) < options.min_events:
            skipped[path] = f"it has {len(events)} events; training needs {options.min_events}"
            continue
        songs[path] = events
        pace.append(piece.duration_seconds / len(events))
        sketches.append(sketch(piece.notes["pitch"]))
    if not songs:
        reason = next(iter(skipped.values()))
        raise TrainingError(f"none of the {len(contents)} files of the corpus can be used; the first because {reason}")
    digests = tuple(hashlib.sha256(contents[path]).hexdigest()[:12] for path in songs)
    offsets = np.cumsum([0, *(len(events) for events in songs.values())])
    events = np.concatenate(list(songs.values()))
    return Corpus(name, tuple(songs), events, offsets, np.array(pace), groups(sketches), digests, skipped, digest)


def merge_unisons(piece: Piece, spec: EventSpec) -> Piece:
    """One note, the longest, per onset (on the spec's grid) and pitch."""
    piece = piece.rescaled(spec.ticks_per_quarter)
    notes = piece.notes.copy()
    notes["onset"] = np.rint(notes["onset"] / spec.grid) * spec.grid
    order = np.lexsort((-notes["duration"], notes["pitch"], notes["onset"]))
    notes = notes[order]
    fresh = np.ones(len(notes), bool)
    fresh[1:] = (np.diff(notes["onset"]) != 0) | (np.diff(notes["pitch"].astype(np.int64)) != 0)
    return piece.with_notes(notes[fresh])


def _store(path: Path, corpus: Corpus) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several processes may come here at once.
    partial = path.with_suffix(f".{os.getpid()}.partial.npz")
    np.savez(
        partial,
        events=corpus.events,
        offsets=corpus.offsets,
        pace=corpus.seconds_per_event,
        groups=corpus.groups,
        texts=np.array(json.dumps([corpus.names, corpus.digests, corpus.skipped])),
    )
    partial.replace(path)


def _restore(path: Path, name: str, digest: str) -> Corpus:
    with np.load(path, allow_pickle=False) as stored:
        names, digests, skipped = json.loads(str(stored["texts"]))
        events, offsets, pace, same = (stored[key] for key in ("events", "offsets", "pace", "groups"))
        return Corpus(name, tuple(names), events, offsets, pace, same, tuple(digests), skipped, digest)
