"""What is done to pieces before they are encoded, to many at once."""

from dataclasses import replace

import numpy as np
from euterpe_music.note_columns import NoteColumns, begins, sorted_columns
from euterpe_music.preprocessing import preprocess
from euterpe_music.spec import EventSpec

from euterpe_training.corpora.options import CorpusOptions
from euterpe_training.corpora.tonality import on_white_keys


def prepare(pieces: NoteColumns, options: CorpusOptions) -> NoteColumns:
    """What `options` ask for, but for drums, which only the file tells; in order."""
    if options.preprocess:
        pieces = preprocess(pieces)
    if options.transpose:
        pieces = on_white_keys(pieces)
    return pieces.in_order()


def merge_unisons(pieces: NoteColumns, spec: EventSpec) -> NoteColumns:
    """At the spec's resolution, of each piece one note, the longest, per onset (on the spec's grid) and pitch.

    Of equally long ones the first stays, and of those the softest.
    """
    pieces = pieces.rescaled(spec.ticks_per_quarter)
    onset = np.rint(pieces.onset / spec.grid).astype(np.int64) * spec.grid
    longest = pieces.duration.max(initial=0)
    # How far the grid moved a note is at most its own size.
    moved = pieces.onset - onset + spec.grid
    columns = (pieces.piece, onset, pieces.pitch, longest - pieces.duration, moved, pieces.velocity)
    piece, onset, pitch, shorter, _, velocity = sorted_columns(columns)
    merged = replace(pieces, piece=piece, onset=onset, duration=longest - shorter, pitch=pitch, velocity=velocity)
    return merged.kept(begins(pitch, onset, piece))
