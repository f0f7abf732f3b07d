"""Options of scores."""

from dataclasses import dataclass
from enum import StrEnum

from euterpe_music.default_titles import Language


class ScoreFormat(StrEnum):
    """Formats of scores; the value is the file extension."""

    SVG = "svg"
    PDF = "pdf"
    MUSICXML = "musicxml"
    ABC = "abc"

    @property
    def content_type(self) -> str:
        """The media type."""
        return _CONTENT_TYPES[self]


_CONTENT_TYPES = {
    ScoreFormat.SVG: "image/svg+xml",
    ScoreFormat.PDF: "application/pdf",
    ScoreFormat.MUSICXML: "application/vnd.recordare.musicxml+xml",
    ScoreFormat.ABC: "text/vnd.abc; charset=utf-8",
}


class ScoreLayout(StrEnum):
    """Paper sizes, and pages as narrow as a phone's screen."""

    A4 = "a4"
    LETTER = "letter"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """A score in a format; `page`, counted from 1, is that of an SVG, `language` that of the names of its parts."""

    format: ScoreFormat
    layout: ScoreLayout = ScoreLayout.A4
    page: int = 1
    language: Language = "en"
    title: str = ""
    composer: str = ""


@dataclass(frozen=True, slots=True)
class WrittenScore:
    """The bytes of a score, and the number of its pages (0 where it has none)."""

    content: bytes
    pages: int
