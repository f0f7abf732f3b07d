"""Preprocessing of pieces before encoding, many at once."""

from dataclasses import replace

import numpy as np
from euterpe_music.note_columns import NoteColumns, begins, sorted_columns
from euterpe_music.preprocessing import correct_errors, remove_noise
from euterpe_music.spec import EventSpec

from euterpe_training.crnngan.corpora.options import CorpusOptions
from euterpe_training.crnngan.corpora.tonality import on_white_keys


def prepare(pieces: NoteColumns, options: CorpusOptions) -> NoteColumns:
    """Preprocess and transpose pieces as `options` say, and sort their notes; drums are dropped on reading."""
    if options.remove_noise:
        pieces = remove_noise(pieces)
    if options.correct_errors:
        pieces = correct_errors(pieces)
    if options.transpose:
        pieces = on_white_keys(pieces)
    return pieces.in_order()


def merge_unisons(pieces: NoteColumns, spec: EventSpec) -> NoteColumns:
    """Keep one note per onset (on the spec's grid) and pitch of each piece: the longest; at the spec's resolution.

    Of equally long notes the earliest is kept, and of those the softest.
    """
    pieces = pieces.rescaled(spec.ticks_per_quarter)
    onset = np.rint(pieces.onset / spec.grid).astype(np.int64) * spec.grid
    longest = pieces.duration.max(initial=0)
    # The grid moves a note by less than one grid step.
    moved = pieces.onset - onset + spec.grid
    columns = (pieces.piece, onset, pieces.pitch, longest - pieces.duration, moved, pieces.velocity)
    piece, onset, pitch, shorter, _, velocity = sorted_columns(columns)
    merged = replace(pieces, piece=piece, onset=onset, duration=longest - shorter, pitch=pitch, velocity=velocity)
    return merged.kept(begins(pitch, onset, piece))
