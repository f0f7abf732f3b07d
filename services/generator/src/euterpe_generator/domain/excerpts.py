"""Beginnings of pieces by people, which the listening test compares with composed ones.

They are data of this package, so that every deployment has them without a download: a table, and a MIDI file each.
`scripts/cut-listening-excerpts` makes both; README.md beside them names their sources and licences.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from euterpe_music.meter import Meter
from euterpe_music.midi import read_midi
from euterpe_music.piece import Piece

_FOLDER: Final = files(__package__) / "listening_excerpts"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The first bars of a piece. `parts` are instruments as ensemble models name them; `tempo` is in quarters per
    minute."""

    id: str
    title: str
    composer: str
    collection: str
    url: str
    licence: str
    style: str
    parts: tuple[str, ...]
    meter: str
    key: str
    tempo: int
    bars: int

    @property
    def quarters(self) -> float:
        """The length in quarters."""
        return self.bars * Meter.parse(self.meter).bar_quarters

    def read(self) -> Piece:
        """Return its notes."""
        return read_midi((_FOLDER / f"{self.id}.mid").read_bytes())


@cache
def load_excerpts() -> dict[str, Excerpt]:
    """Return all excerpts by id."""
    rows = json.loads((_FOLDER / "excerpts.json").read_text())
    return {row["id"]: Excerpt(**{**row, "parts": tuple(row["parts"])}) for row in rows}
