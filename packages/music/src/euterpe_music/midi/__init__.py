"""Standard MIDI files in and out."""

from euterpe_music.midi.errors import MidiError
from euterpe_music.midi.fast import Recording, read_recording
from euterpe_music.midi.read import MidiLimits, read_midi, read_parts
from euterpe_music.midi.write import WRITER_VERSION, write_midi
from euterpe_music.piece import Piece, Tempo, Track

__all__ = [
    "WRITER_VERSION",
    "MidiError",
    "MidiLimits",
    "Piece",
    "Recording",
    "Tempo",
    "Track",
    "read_midi",
    "read_parts",
    "read_recording",
    "write_midi",
]
