"""Loading a directory of MIDI files as a corpus, with a cache."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from euterpe_music.midi import MidiError
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.crnngan.corpora.corpus import Corpus
from euterpe_training.crnngan.corpora.options import CorpusOptions
from euterpe_training.crnngan.corpora.songs import Source, encode_songs, read_source
from euterpe_training.crnngan.corpora.split import composer
from euterpe_training.crnngan.corpora.store import EventStore
from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.duplicates import groups

#: Part of the cache's key; increased when loading yields other arrays.
_LOADER_VERSION: Final = 3
_SUFFIXES: Final = {".mid", ".midi"}
#: Songs per batch: enough to amortize NumPy's calls, few enough for a core's cache.
_BATCH: Final = 16
#: Size of a batch's temporary arrays.
_WORKING_BYTES: Final = 16 << 20
#: Estimated bytes of a file per event, for the reserved memory; a file with more events makes the array grow.
_BYTES_PER_EVENT: Final = 8

Progress = Callable[[int, int], None]


def load_corpus(
    directory: Path,
    spec: EventSpec,
    options: CorpusOptions,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Load the MIDI files under `directory` as events; unusable files are skipped with the reason.

    `cache` is a directory for the arrays, which are stored under a hash of all that determines them: the files' names
    and contents, spec and options. Raise TrainingError for a missing directory or without a usable file.
    """
    if not directory.is_dir():
        raise TrainingError(f"the corpus {directory} is not a directory")
    roots = [directory / folder for folder in options.folders] or [directory]
    found = (path for root in roots for path in root.rglob("*"))
    paths = sorted(path for path in found if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not paths:
        where = f" in its folders {', '.join(options.folders)}" if options.folders else ""
        raise TrainingError(f"the corpus {directory} has no .mid or .midi files{where}")
    names = _selected([str(path.relative_to(directory)) for path in paths], options)
    contents = {name: (directory / name).read_bytes() for name in names}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    digest = hashlib.sha256("".join(f"{name}\0{each}\n" for name, each in hashes.items()).encode()).hexdigest()
    key = json.dumps([_LOADER_VERSION, digest, spec.sha256, asdict(options)], sort_keys=True)
    stored = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz" if cache else None
    if stored and stored.is_file():
        return _restore(stored, directory.name, digest)
    corpus = _encode_all(directory.name, contents, hashes, digest, spec, options, progress)
    if stored:
        _store(stored, corpus)
    return corpus


def _selected(names: list[str], options: CorpusOptions) -> list[str]:
    """Return the names that match `composer` and `works_per_composer`."""
    kept: list[str] = []
    counts: Counter[str] = Counter()
    for name in names:
        whose = composer(name)
        counts[whose] += 1
        fits = not options.composer or whose == options.composer
        if fits and (not options.works_per_composer or counts[whose] <= options.works_per_composer):
            kept.append(name)
    if not kept:
        known = ", ".join(sorted(counts)[:8])
        raise TrainingError(f"the corpus has no songs of the composer {options.composer!r}; it has {known}, …")
    return kept


def _encode_all(
    name: str,
    contents: dict[str, bytes],
    hashes: dict[str, str],
    digest: str,
    spec: EventSpec,
    options: CorpusOptions,
    progress: Progress | None,
) -> Corpus:
    lengths: dict[str, int] = {}
    pace: list[float] = []
    marks: list[NDArray[np.uint64]] = []
    skipped: dict[str, str] = {}
    store = EventStore(spec.features, sum(map(len, contents.values())) // _BYTES_PER_EVENT)
    _retain_freed_memory()
    sources = _read_all(contents, options, skipped, progress)
    while batch := list(islice(sources, _BATCH)):
        for song in encode_songs(batch, spec, options, store.room):
            length = len(song.events)
            if length < options.min_events:
                skipped[song.name] = f"it has {length} events, but min_events is {options.min_events}"
                continue
            store.append(song.events)
            lengths[song.name] = length
            pace.append(song.seconds / length)
            marks.append(song.sketch)
    skipped = {path: skipped[path] for path in contents if path in skipped}
    if not lengths:
        reason = next(iter(skipped.values()))
        raise TrainingError(f"none of the {len(contents)} files of the corpus can be used; the first one: {reason}")
    digests = tuple(hashes[path][:12] for path in lengths)
    offsets = np.cumsum([0, *lengths.values()])
    return Corpus(name, tuple(lengths), store.events, offsets, np.array(pace), groups(marks), digests, skipped, digest)


def _retain_freed_memory() -> None:
    """Make glibc retain freed blocks, which otherwise cost a page fault per page when they are allocated again.

    glibc retains blocks smaller than the largest one freed so far: this one, which is never written.
    """
    np.empty(_WORKING_BYTES, np.uint8)


def _read_all(
    contents: dict[str, bytes], options: CorpusOptions, skipped: dict[str, str], progress: Progress | None
) -> Iterator[Source]:
    """Yield the content of readable files; add the others to `skipped`, with the reason."""
    for count, (name, content) in enumerate(contents.items(), start=1):
        try:
            yield read_source(name, content, options)
        except MidiError as error:
            skipped[name] = str(error)
        if progress:
            progress(count, len(contents))


def _store(path: Path, corpus: Corpus) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several processes may write the same file at once.
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
