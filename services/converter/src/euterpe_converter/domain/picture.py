"""Pictures of music: what may be asked of one."""

from dataclasses import dataclass
from enum import StrEnum


class PictureFormat(StrEnum):
    """The formats of pictures; the value is the file extension."""

    SVG = "svg"
    PNG = "png"

    @property
    def content_type(self) -> str:
        """The media type."""
        return "image/svg+xml" if self is PictureFormat.SVG else "image/png"


class Theme(StrEnum):
    """Colours for a light or a dark surrounding; an SVG can follow its reader's preference by itself."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


#: What sites that show links expect of a page's picture (Open Graph).
CARD_WIDTH, CARD_HEIGHT = 1200, 630
LEAST_WIDTH, MOST_WIDTH = 160, 2400
LEAST_HEIGHT, MOST_HEIGHT = 80, 1350


@dataclass(frozen=True, slots=True)
class Picture:
    """A piano roll of `width` times `height` pixels. A `card` is one with title and author, for links to a song."""

    format: PictureFormat
    theme: Theme = Theme.AUTO
    width: int = 1200
    height: int = 400
    card: bool = False
    title: str = ""
    author: str = ""
