"""Standard MIDI files in and out."""

from euterpe_music.midi.errors import MidiError
from euterpe_music.midi.read import MidiLimits, Recording, read_midi, read_recording
from euterpe_music.midi.write import write_midi
from euterpe_music.piece import Piece, Tempo, Track

__all__ = [
    "MidiError",
    "MidiLimits",
    "Piece",
    "Recording",
    "Tempo",
    "Track",
    "read_midi",
    "read_recording",
    "write_midi",
]
