"""Options of piano roll pictures."""

from dataclasses import dataclass
from enum import StrEnum


class PictureFormat(StrEnum):
    """Picture formats; the value is the file extension."""

    SVG = "svg"
    PNG = "png"

    @property
    def content_type(self) -> str:
        """The media type."""
        return "image/svg+xml" if self is PictureFormat.SVG else "image/png"


class Theme(StrEnum):
    """Colour theme. With `auto`, an SVG follows the viewer's preference."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


#: The size that link previews expect (Open Graph).
CARD_WIDTH, CARD_HEIGHT = 1200, 630
MIN_WIDTH, MAX_WIDTH = 160, 2400
MIN_HEIGHT, MAX_HEIGHT = 80, 1350


@dataclass(frozen=True, slots=True)
class Picture:
    """A piano roll of `width` × `height` pixels. A `card` also shows title and author, for link previews."""

    format: PictureFormat
    theme: Theme = Theme.AUTO
    width: int = 1200
    height: int = 400
    card: bool = False
    title: str = ""
    author: str = ""
