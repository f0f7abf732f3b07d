"""Engraved pages, by verovio."""

import re
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape, unescape

import verovio
from reportlab.pdfbase.pdfmetrics import stringWidth

from euterpe_converter.domain.score import ScoreLayout
from euterpe_converter.rendering.score.errors import NotNotatable

#: Pages of a score that are engraved.
MAX_PAGES: Final = 120
#: Bytes of MusicXML that are engraved.
MAX_XML_BYTES: Final = 4 * 1024 * 1024
#: Page sizes in tenths of a millimetre.
PAGE_SIZES: Final = {
    ScoreLayout.A4: (2100, 2970),
    ScoreLayout.LETTER: (2159, 2794),
    ScoreLayout.PHONE: (1200, 1800),
}
#: Pixels per tenth of a millimetre, in per cent.
_SCALE: Final = 40
#: The title on the first page: the middle of the page, and its base line.
_TITLE: Final = re.compile(
    r'<text font-size="0px">\s*<tspan [^>]*class="rend" x="(\d+)" y="(\d+)" text-anchor="middle">'
)
#: The name of a part beside its first staff.
_NAME: Final = re.compile(
    r'(<g [^>]*class="label[^"]*"[^>]*>\s*<text[^>]*>\s*<tspan[^>]*>\s*<tspan) font-size="(\d+)px">([^<]+)<'
)
_COMPOSER_SIZE: Final = 324
_COMPOSER_BELOW: Final = 420
_MARGIN: Final = 100
_NARROW_MARGIN: Final = 40


@dataclass(frozen=True, slots=True)
class Engraved:
    """Which score the toolkit holds."""

    digest: str
    pages: int


class Engraver:
    """One toolkit for all scores: it keeps the last one, so that its further pages are not laid out again."""

    def __init__(self) -> None:
        verovio.enableLog(verovio.LOG_OFF)
        self._toolkit = verovio.toolkit()
        self._current: Engraved | None = None
        self._composer = ""

    def load(self, digest: str, musicxml: bytes, layout: ScoreLayout, composer: str = "") -> int:
        """Lay out a score, and return the number of its pages. Raises NotNotatable beyond the limits.

        Args:
            digest: Identifies the score and its layout.
            musicxml: The score, without credits.
            layout: The size of the pages.
            composer: Printed on the first page, under the title.
        """
        if len(musicxml) > MAX_XML_BYTES:
            limit, actual = MAX_XML_BYTES // 2**20, len(musicxml) / 2**20
            raise NotNotatable(
                f"a score of at most {limit} MiB of MusicXML can be engraved; this one has {actual:.1f} MiB: "
                "download it as MusicXML instead"
            )
        self._current = None
        self._toolkit.setOptions(_options(layout))
        if not self._toolkit.loadData(musicxml.decode()):
            raise NotNotatable("the score cannot be engraved: download it as MusicXML instead")
        pages = self._toolkit.getPageCount()
        if pages > MAX_PAGES:
            raise NotNotatable(
                f"a score of at most {MAX_PAGES} pages can be engraved; this one has {pages}: "
                "download it as MusicXML instead"
            )
        self._current, self._composer = Engraved(digest, pages), composer
        return pages

    def holds(self, digest: str) -> int | None:
        """Return the number of pages if the toolkit holds this score."""
        return self._current.pages if self._current and self._current.digest == digest else None

    def page(self, number: int) -> str:
        """Return a page as SVG, counted from 1."""
        svg: str = self._toolkit.renderToSVG(number)
        svg = _NAME.sub(_with_length, svg)
        return _with_composer(svg, self._composer) if number == 1 and self._composer else svg


def _with_length(name: re.Match[str]) -> str:
    """State the width of a part's name in Times, for which verovio leaves room: other fonts are wider."""
    before, size, text = name.groups()
    width = stringWidth(unescape(text), "Times-Roman", float(size))
    return f'{before} font-size="{size}px" textLength="{width:.0f}" lengthAdjust="spacingAndGlyphs">{text}<'


def _with_composer(svg: str, composer: str) -> str:
    """Add the composer at the right below the title, which verovio leaves out."""
    title = _TITLE.search(svg)
    if title is None:
        return svg
    x, y = 2 * float(title[1]), float(title[2]) + _COMPOSER_BELOW
    size = f'font-size="{_COMPOSER_SIZE}px"'
    text = (
        f'<text x="{x:g}" y="{y:g}" text-anchor="end" font-size="0px"><tspan {size}>{escape(composer)}</tspan></text>'
    )
    return svg[: title.start()] + text + svg[title.start() :]


def _options(layout: ScoreLayout) -> dict[str, Any]:
    width, height = PAGE_SIZES[layout]
    margin = _NARROW_MARGIN if layout is ScoreLayout.PHONE else _MARGIN
    return {
        "pageWidth": width,
        "pageHeight": height,
        "scale": _SCALE,
        "pageMarginLeft": margin,
        "pageMarginRight": margin,
        "pageMarginTop": margin,
        "pageMarginBottom": margin,
        "header": "auto",
        "footer": "none",
        "svgViewBox": True,
        "smuflTextFont": "embedded",
        "xmlIdChecksum": True,
        "justifyVertically": True,
    }
