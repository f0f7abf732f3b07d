"""From a directory of MIDI files to a corpus, with a cache."""

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
from euterpe_training.crnngan.corpora.duplicates import groups
from euterpe_training.crnngan.corpora.options import CorpusOptions
from euterpe_training.crnngan.corpora.songs import Source, encode_songs, read_source
from euterpe_training.crnngan.corpora.split import composer
from euterpe_training.crnngan.corpora.store import EventStore
from euterpe_training.errors import TrainingError

#: Part of the cache's key; goes up when loading changes what it yields.
_LOADER_VERSION: Final = 3
_SUFFIXES: Final = {".mid", ".midi"}
#: Songs that are worked on at once: so many that NumPy's calls cost little, so few that they fit into a core's cache.
_BATCH: Final = 16
#: What a batch takes for a moment, several times over.
_WORKING_BYTES: Final = 16 << 20
#: Of a file: more than this do no harm, with fewer the events move to another place in memory.
_BYTES_PER_EVENT: Final = 8

Progress = Callable[[int, int], None]


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
    _keep_freed_memory()
    sources = _read_all(contents, options, skipped, progress)
    while batch := list(islice(sources, _BATCH)):
        for song in encode_songs(batch, spec, options, store.room):
            length = len(song.events)
            if length < options.min_events:
                skipped[song.name] = f"it has {length} events; training needs {options.min_events}"
                continue
            store.append(song.events)
            lengths[song.name] = length
            pace.append(song.seconds / length)
            marks.append(song.sketch)
    skipped = {path: skipped[path] for path in contents if path in skipped}
    if not lengths:
        reason = next(iter(skipped.values()))
        raise TrainingError(f"none of the {len(contents)} files of the corpus can be used; the first because {reason}")
    digests = tuple(hashes[path][:12] for path in lengths)
    offsets = np.cumsum([0, *lengths.values()])
    return Corpus(name, tuple(lengths), store.events, offsets, np.array(pace), groups(marks), digests, skipped, digest)


def _keep_freed_memory() -> None:
    """glibc gives freed blocks back to the system, at a fault per page when they are next wanted.

    Unless they are smaller than the largest block that it saw come and go: this one, which is never touched.
    """
    np.empty(_WORKING_BYTES, np.uint8)


def _read_all(
    contents: dict[str, bytes], options: CorpusOptions, skipped: dict[str, str], progress: Progress | None
) -> Iterator[Source]:
    """What the files hold; `skipped` learns why others do not."""
    for count, (name, content) in enumerate(contents.items(), start=1):
        try:
            yield read_source(name, content, options)
        except MidiError as error:
            skipped[name] = str(error)
        if progress:
            progress(count, len(contents))


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
