"""Colours of piano rolls: one per track, distinguishable with colour vision deficiencies."""

from dataclasses import dataclass

from euterpe_converter.domain.picture import Theme


@dataclass(frozen=True, slots=True)
class Palette:
    """Hexadecimal colours: background, rows of black keys, lines, secondary and primary text, tracks, and drums."""

    ground: str
    black_keys: str
    line: str
    faint: str
    text: str
    tracks: tuple[str, ...]
    drums: str


_LIGHT = Palette(
    ground="#ffffff",
    black_keys="#f5f6f8",
    line="#e3e6ea",
    faint="#6b7280",
    text="#1b1f27",
    tracks=("#3b5bdb", "#e8590c", "#0b9a6d", "#9c36b5", "#c2255c", "#b08900", "#0c8599", "#5c940d"),
    drums="#868e96",
)
_DARK = Palette(
    ground="#14161b",
    black_keys="#191c22",
    line="#2a2e37",
    faint="#8b93a1",
    text="#f1f3f5",
    tracks=("#8aa4ff", "#ffa94d", "#5fe0b5", "#dd9bf5", "#faa2c1", "#ffd43b", "#66d9e8", "#b2e04f"),
    drums="#868e96",
)


def palette(theme: Theme) -> Palette:
    """Return the colours of a theme; the light ones for `auto`."""
    return _DARK if theme is Theme.DARK else _LIGHT


def mixed(colour: str, ground: str, share: float) -> str:
    """Blend a colour with the background; at `share` 1 it is opaque."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
