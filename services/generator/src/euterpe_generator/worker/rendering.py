"""Rendering of composed events: MIDI file, measures, key and style."""

import hashlib
from dataclasses import replace

from euterpe_music.ensemble_parameters import ANY
from euterpe_music.general_midi import DRUM_KIT, INSTRUMENTS
from euterpe_music.key import estimate_key
from euterpe_music.key_signature import KeyChange, KeySignature, pitch_class
from euterpe_music.measures import measure
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece, Track
from euterpe_music.tonics import TONICS

from euterpe_generator.domain.generation import Generation
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.engine.request import Array
from euterpe_generator.models.catalogue import Model
from euterpe_generator.worker.style_tagging import StyleTagger


def render_piece(model: Model, events: Array, generation: Generation, tagger: StyleTagger) -> RenderedPiece:
    """Decode the network's events [steps, features] and write, measure and tag the piece.

    Where the model has a parameter `style`, its value is the piece's style; the measures always hold the classifier's.
    """
    piece = _framed(model.decode(events, generation.parameters, generation.prompt), generation.title)
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
        meter=str(piece.meters[0].meter) if piece.meters else None,
        key=_key_name(piece.keys[0].key) if piece.keys else None,
        style=_requested_style(generation) or styles.style,
    )


def _requested_style(generation: Generation) -> str | None:
    """Return the style that was asked for: of a path such as `classical/baroque` the genre."""
    style = str(generation.parameters.get("style") or ANY).partition("/")[0]
    return None if style == ANY else style


def _framed(piece: Piece, title: str) -> Piece:
    """Return the piece with its title, a key signature, and a name for every track."""
    key = None if piece.keys else estimate_key(piece)
    return replace(
        piece,
        title=title,
        keys=piece.keys if key is None else (KeyChange(0, KeySignature.parse(key)),),
        tracks=tuple(track if track.name else replace(track, name=_instrument_name(track)) for track in piece.tracks),
    )


def _instrument_name(track: Track) -> str:
    return (DRUM_KIT if track.is_drum else INSTRUMENTS[track.program]).name


def _key_name(key: KeySignature) -> str:
    """Return the key with the one spelling that its tonic has in stored songs."""
    return f"{TONICS[pitch_class(key.tonic)]} {'minor' if key.is_minor else 'major'}"
