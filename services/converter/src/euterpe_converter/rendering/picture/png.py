"""Piano rolls as PNG, where SVG is not supported: link previews, chats, covers."""

import io
import unicodedata
from collections.abc import Iterator

from euterpe_music.piece import Piece
from PIL import Image, ImageDraw, ImageFont

from euterpe_converter.domain.picture import Picture
from euterpe_converter.rendering.picture.layout import Group, Layout
from euterpe_converter.rendering.picture.palette import Palette, mixed, palette

# Drawn larger and scaled down, for anti-aliasing.
_SCALE = 2
_WIDE_FONT = "DejaVuSans.ttf"
_UNASSIGNED = "\uffff"
_MIN_ROUNDED_ROW_HEIGHT = 4.0
_MAX_ROUNDED_NOTES = 10_000


def draw(piece: Piece, picture: Picture) -> bytes:
    """Return the whole file."""
    return _Canvas(piece, picture).finished()


class _Canvas:
    def __init__(self, piece: Piece, picture: Picture) -> None:
        self._picture, self._layout = picture, Layout(piece, picture)
        self._colours: Palette = palette(picture.theme)
        self._image = Image.new("RGB", (picture.width * _SCALE, picture.height * _SCALE), self._colours.ground)
        self._draw = ImageDraw.Draw(self._image)
        self._round = len(piece.notes) <= _MAX_ROUNDED_NOTES and self._layout.row >= _MIN_ROUNDED_ROW_HEIGHT

    def finished(self) -> bytes:
        self._grid()
        for group in self._layout.groups():
            self._notes(group)
        if self._picture.card:
            self._heading()
        size = (self._picture.width, self._picture.height)
        target = io.BytesIO()
        self._image.resize(size, Image.Resampling.BOX).save(target, "PNG", optimize=False)
        return target.getvalue()

    def _box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        # Pillow includes the last row and column.
        return left * _SCALE, top * _SCALE, max(right * _SCALE - 1, left * _SCALE), max(bottom, top) * _SCALE - 1

    def _grid(self) -> None:
        frame = self._layout.frame
        for top, bottom in self._layout.black_rows():
            self._draw.rectangle(self._box(frame.left, top, frame.right, bottom), self._colours.black_keys)
        for y, name in self._layout.octaves():
            self._draw.rectangle(self._box(frame.left, y, frame.right, y + 1), self._colours.line)
            if frame.left > 0:
                self._text((frame.left - 7, y - 2), name, 11, self._colours.faint, "rs")
        for x, name in self._layout.times():
            self._draw.rectangle(self._box(x, frame.top, x + 1, frame.bottom), self._colours.line)
            if frame.left > 0 and x < frame.right - 30:
                self._text((x + 3, frame.bottom + 15), name, 11, self._colours.faint, "ls")

    def _notes(self, group: Group) -> None:
        tracks = self._colours.tracks
        plain = self._colours.drums if group.track is None else tracks[group.track % len(tracks)]
        colour = mixed(plain, self._colours.ground, group.strength)
        radius = min(3.0, self._layout.row / 4) * _SCALE
        for left, top, right, bottom in group.boxes.tolist():
            box = self._box(left, top, right, bottom)
            if self._round and right - left > 2:
                self._draw.rounded_rectangle(box, radius, colour)
            else:
                self._draw.rectangle(box, colour)

    def _heading(self) -> None:
        left, right = self._layout.frame.left, self._layout.frame.right
        minutes, seconds = divmod(round(self._layout.seconds), 60)
        below = " · ".join(text for text in (self._picture.author, f"{minutes}:{seconds:02}") if text)
        self._text((left, 112), self._picture.title, 60, self._colours.text, "ls", right - left)
        self._text((left, 162), below, 28, self._colours.faint, "ls", right - left)
        self._text((right, self._picture.height - 24), "Euterpe", 24, self._colours.faint, "rs")

    def _text(
        self,
        at: tuple[float, float],
        text: str,
        size: int,
        colour: str,
        anchor: str,
        max_width: float | None = None,
    ) -> None:
        font = _font(size * _SCALE)
        shown = "".join(_drawable(font, text)).strip()
        while max_width is not None and shown and self._draw.textlength(shown, font) > max_width * _SCALE:
            shown = shown.rstrip("…")[:-1].rstrip() + "…"
        self._draw.text((at[0] * _SCALE, at[1] * _SCALE), shown, colour, font, anchor)


Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def _font(size: int) -> Font:
    """Return DejaVu Sans if it is installed (`fonts-dejavu-core`), or else Pillow's font of plain Latin letters."""
    try:
        return ImageFont.truetype(_WIDE_FONT, size)
    except OSError:
        return ImageFont.load_default(size)


def _drawable(font: Font, text: str) -> Iterator[str]:
    """Yield the characters that the font has; without accents where it has only the plain letter."""
    unknown = _shape(font, _UNASSIGNED)
    for character in text:
        for each in (character, unicodedata.normalize("NFKD", character)[0]):
            if each == " " or (not each.isspace() and _shape(font, each) != unknown):
                yield each
                break


def _shape(font: Font, character: str) -> tuple[object, bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)
