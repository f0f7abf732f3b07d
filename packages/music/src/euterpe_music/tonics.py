"""The twelve tonics as they are spelled in stored songs, manifests and requests."""

from typing import Final

#: By pitch class, C first. Each has one spelling.
TONICS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
#: Other usual spellings, and the tonic of the same pitch.
ENHARMONIC_TONICS: Final = {
    "C#": "Db", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C", "E#": "F", "Fb": "E",
}  # fmt: skip
