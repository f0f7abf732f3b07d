"""Stems: the tracks of a song as files of equal length."""

from dataclasses import dataclass
from typing import Final

from euterpe_music.titles import file_name

#: Limits of the audio of one song's stems, which are synthesised one after the other.
MAX_STEMS: Final = 64
MAX_STEM_SECONDS: Final = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Stem:
    """A track: its name, its position among the stems (from 0), and its MIDI file, which lasts as long as the song."""

    number: int
    name: str
    midi: bytes

    def file_name(self, extension: str) -> str:
        """Return the name in an archive: numbered, so that names are unique and sorted as the tracks are."""
        return file_name(f"{self.number + 1:02d} {self.name}", extension)


@dataclass(frozen=True, slots=True)
class Stems:
    """The stems of a song, and its duration in seconds."""

    seconds: float
    items: tuple[Stem, ...]
