"""Encoding of MIDI files as songs of events, many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from euterpe_music.events import Events, encode_all
from euterpe_music.midi import read_recording
from euterpe_music.note_columns import NoteColumns
from euterpe_music.piece import NoteArray, TempoMap
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.crnngan.corpora.options import CorpusOptions
from euterpe_training.crnngan.corpora.pacing import paced
from euterpe_training.crnngan.corpora.preparing import merge_unisons, prepare
from euterpe_training.crnngan.corpora.synthetic import chords
from euterpe_training.evaluation.duplicates import sketches


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The notes of a readable file, unsorted, at `ticks_per_quarter`."""

    name: str
    notes: NoteArray
    ticks_per_quarter: int
    tempo_map: TempoMap


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A file's events [events, features], their duration at its own tempo, and the sketch that identifies copies."""

    name: str
    events: Events
    seconds: float
    sketch: NDArray[np.uint64]


def read_source(name: str, content: bytes, options: CorpusOptions) -> Source:
    """Read a file's content; raise MidiError when it is malformed."""
    if options.synthetic_chords:
        piece = chords(name)
        return Source(name, piece.notes, piece.ticks_per_quarter, piece.tempo_map)
    recording = read_recording(content)
    notes = recording.pitched if options.drop_drums else recording.notes
    return Source(name, notes, recording.ticks_per_quarter, recording.tempo_map)


def encode_songs(
    sources: Sequence[Source], spec: EventSpec, options: CorpusOptions, allocate: Callable[[int], Events] | None = None
) -> list[Song]:
    """Encode `sources` as songs; batches do not change the result. `allocate` is an argument of `encode_all`."""
    notes, resolutions = [source.notes for source in sources], [source.ticks_per_quarter for source in sources]
    pieces = NoteColumns.join(notes, resolutions)
    pieces = pieces.in_order() if options.synthetic_chords else prepare(pieces, options)
    events, offsets = encode_all(merge_unisons(pieces, spec) if options.merge_unisons else pieces, spec, allocate)
    parts = [events[start:end] for start, end in pairwise(offsets.tolist())]
    if options.pace_events:
        parts = [paced(part, spec) for part in parts]
    ends, marks = pieces.end_ticks.tolist(), sketches(pieces.pitch, pieces.offsets)
    return [
        Song(source.name, part, float(source.tempo_map.seconds(end)), mark)
        for source, part, end, mark in zip(sources, parts, ends, marks, strict=True)
    ]
