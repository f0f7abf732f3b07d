"""Rendering of composed events: MIDI file, measures, key and style."""

import hashlib

from euterpe_music.general_midi import DRUM_KIT
from euterpe_music.key import estimate_key
from euterpe_music.measures import measure
from euterpe_music.midi import write_midi

from euterpe_generator.domain.generation import Generation
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.engine.request import Array
from euterpe_generator.models.catalogue import Model
from euterpe_generator.worker.style_tagging import StyleTagger


def render_piece(model: Model, events: Array, generation: Generation, tagger: StyleTagger) -> RenderedPiece:
    """Decode the network's events [steps, features] and write, measure and tag the piece.

    Where the model has a parameter `style`, its value is the piece's style; the measures always hold the classifier's.
    """
    piece = model.decode(events, generation.parameters, generation.prompt)
    measures = measure(piece)
    midi = write_midi(piece)
    styles = tagger.tag(piece)
    return RenderedPiece(
        midi=midi,
        sha256=hashlib.sha256(midi).hexdigest(),
        steps=len(events),
        note_count=measures.notes,
        duration_seconds=measures.duration_seconds,
        measures=measures.flat() | styles.measures,
        tempo_bpm=piece.tempos[0].bpm,
        programs=sorted({DRUM_KIT.number if track.is_drum else track.program for track in piece.tracks}),
        key=estimate_key(piece),
        style=generation.parameters.get("style") or styles.style,
    )
