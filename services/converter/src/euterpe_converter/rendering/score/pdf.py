"""Engraved pages as PDF: verovio writes SVG only, of which this converts the part that it uses."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import verovio
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

_SVG: Final = "{http://www.w3.org/2000/svg}"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_TRANSFORM: Final = re.compile(r"(translate|scale)\(([^)]*)\)")
_COMMAND: Final = re.compile(r"([MmLlHhVvCcSsZz])([^MmLlHhVvCcSsZz]*)")
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_NUMBERS_OF: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Z": 0}
#: Verovio's fonts have 1000 units per em, and their glyphs are in the private use area.
_UNITS_PER_EM: Final = 1000
_FIRST_PRIVATE, _LAST_PRIVATE = 0xE000, 0xF8FF
_GLYPHS: Final = Path(verovio.__file__).parent / "data" / "Leipzig"
#: For letters that Times, which every reader has, lacks.
_WIDE_FONT: Final = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_BOLD, _ITALIC = ("tempo", "reh", "ending"), ("mNum", "dir", "dynam")


def pdf(pages: Iterable[str], size: tuple[int, int], *, title: str = "", author: str = "") -> bytes:
    """Return one file with these pages, given as SVG; `size` is their width and height in tenths of a millimetre."""
    target = io.BytesIO()
    # invariant: without the time, equal scores give equal bytes.
    canvas = Canvas(target, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setCreator("Euterpe")
    forms: set[str] = set()
    for svg in pages:
        canvas.setPageSize((size[0] / 10 * mm, size[1] / 10 * mm))
        _Page(canvas, ET.fromstring(svg), forms).draw(size[0] / 10 * mm, size[1] / 10 * mm)  # noqa: S314 - verovio's
        canvas.showPage()
    canvas.save()
    return target.getvalue()


class _Page:
    def __init__(self, canvas: Canvas, root: ET.Element, forms: set[str]) -> None:
        self._canvas, self._root, self._forms = canvas, root, forms
        self._glyphs = {
            glyph.get("id", ""): glyph for defs in root.iter(f"{_SVG}defs") for glyph in defs.findall(f"{_SVG}g")
        }

    def draw(self, width: float, height: float) -> None:
        """Draw onto the current page of this size in points."""
        inner = self._root.find(f"{_SVG}svg")
        content = self._root if inner is None else inner
        view = [float(each) for each in content.get("viewBox", "").split()]
        # SVG counts downwards.
        self._canvas.transform(width / view[2], 0, 0, -height / view[3], 0, height)
        for child in content:
            self._element(child, ())

    def _element(self, element: ET.Element, classes: tuple[str, ...]) -> None:
        kind = element.tag.removeprefix(_SVG)
        own = element.get("class", "").split()
        # Placeholders are hidden by a rule of the style sheet.
        if kind in ("defs", "style", "desc", "title") or "placeholder" in own or element.get("visibility") == "hidden":
            return
        self._canvas.saveState()
        self._transform(element.get("transform", ""))
        if kind in ("g", "svg"):
            for child in element:
                self._element(child, (*classes, *own))
        elif kind == "use":
            self._use(element)
        elif kind == "text":
            self._text(element, classes)
        else:
            self._shape(kind, element)
        self._canvas.restoreState()

    def _transform(self, text: str) -> None:
        for name, inside in _TRANSFORM.findall(text):
            numbers = [float(each) for each in _NUMBER.findall(inside)]
            x, y = numbers[0], numbers[1] if len(numbers) > 1 else (0.0 if name == "translate" else numbers[0])
            if name == "translate":
                self._canvas.translate(x, y)
            else:
                self._canvas.scale(x, y)

    def _use(self, element: ET.Element) -> None:
        glyph = self._glyphs.get((element.get(_HREF) or element.get("href") or "")[1:])
        if glyph is None:
            return
        self._canvas.translate(float(element.get("x", 0)), float(element.get("y", 0)))
        # The glyph is stored once, under the number of its character.
        self._glyph(glyph.get("id", "").partition("-")[0], glyph)

    def _glyph(self, name: str, glyph: ET.Element) -> None:
        if name not in self._forms:
            self._forms.add(name)
            # Filled glyphs; a form has its own coordinates.
            self._canvas.beginForm(name, -_UNITS_PER_EM * 4, -_UNITS_PER_EM * 4, _UNITS_PER_EM * 4, _UNITS_PER_EM * 4)
            for path in (each for each in glyph.iter() if each.tag.endswith("path")):
                self._canvas.saveState()
                self._transform(path.get("transform", ""))
                self._canvas.drawPath(self._path(path.get("d", "")), stroke=0, fill=1)
                self._canvas.restoreState()
            self._canvas.endForm()
        self._canvas.doForm(name)

    def _shape(self, kind: str, element: ET.Element) -> None:
        width = float((element.get("stroke-width") or "0").removesuffix("px"))
        self._canvas.setLineWidth(width)
        if element.get("stroke-linecap") == "round":
            self._canvas.setLineCap(1)
            self._canvas.setLineJoin(1)
        path = self._outline(kind, element)
        is_filled = element.get("fill") != "none" and not (kind == "path" and "L" in element.get("d", ""))
        self._canvas.drawPath(path, stroke=int(width > 0), fill=int(is_filled))

    def _outline(self, kind: str, element: ET.Element) -> PDFPathObject:
        if kind == "path":
            return self._path(element.get("d", ""))
        path = self._canvas.beginPath()
        number = {
            name: float(element.get(name, 0)) for name in ("x", "y", "width", "height", "cx", "cy", "rx", "ry", "r")
        }
        if kind == "rect":
            path.rect(number["x"], number["y"], number["width"], number["height"])
        elif kind in ("ellipse", "circle"):
            rx, ry = number["rx"] or number["r"], number["ry"] or number["r"]
            path.ellipse(number["cx"] - rx, number["cy"] - ry, 2 * rx, 2 * ry)
        elif kind in ("polygon", "polyline"):
            points = [float(each) for each in _NUMBER.findall(element.get("points", ""))]
            path.moveTo(*points[:2])
            for at in range(2, len(points) - 1, 2):
                path.lineTo(points[at], points[at + 1])
            if kind == "polygon":
                path.close()
        return path

    def _path(self, description: str) -> PDFPathObject:
        path = self._canvas.beginPath()
        x = y = first_x = first_y = 0.0
        control = (0.0, 0.0)
        for letter, numbers in _commands(description):
            upper = letter.upper()
            # Relative coordinates count from the current point.
            dx, dy = (0.0, 0.0) if letter == upper else (x, y)
            if upper == "Z":
                path.close()
                x, y = first_x, first_y
            elif upper in "ML":
                x, y = numbers[0] + dx, numbers[1] + dy
                (path.moveTo if upper == "M" else path.lineTo)(x, y)
                if upper == "M":
                    first_x, first_y = x, y
            elif upper in "HV":
                x, y = (numbers[0] + dx, y) if upper == "H" else (x, numbers[0] + dy)
                path.lineTo(x, y)
            else:
                if upper == "S":
                    numbers = [2 * x - control[0] - dx, 2 * y - control[1] - dy, *numbers]
                points = [each + (dy if at % 2 else dx) for at, each in enumerate(numbers)]
                path.curveTo(*points)
                control, (x, y) = (points[2], points[3]), (points[4], points[5])
            if upper not in "CS":
                control = (x, y)
        return path

    def _text(self, element: ET.Element, classes: tuple[str, ...]) -> None:
        runs = list(_runs(element, {"x": element.get("x", "0"), "y": element.get("y", "0")}))
        anchor = next((run["text-anchor"] for run in runs if "text-anchor" in run), "start")
        style = "Bold" if set(classes) & set(_BOLD) else "Italic" if set(classes) & set(_ITALIC) else "Roman"
        widths = [self._width(run, style) for run in runs]
        start = {"middle": sum(widths) / 2, "end": sum(widths)}.get(anchor, 0.0)
        x = float(runs[0]["x"]) - start if runs else 0.0
        for run, width in zip(runs, widths, strict=True):
            self._run(run, x, float(run["y"]), style)
            x += width

    def _width(self, run: dict[str, str], style: str) -> float:
        size = float(run["font-size"].removesuffix("px"))
        width = 0.0
        for character in run["text"]:
            if _is_private(character):
                width += _glyph_width(character) * size / _UNITS_PER_EM
            else:
                width += pdfmetrics.stringWidth(character, _font(run["text"], style), size)
        return width

    def _run(self, run: dict[str, str], x: float, y: float, style: str) -> None:
        size, text, font = float(run["font-size"].removesuffix("px")), run["text"], _font(run["text"], style)
        for part in re.findall(r"[\ue000-\uf8ff]|[^\ue000-\uf8ff]+", text):
            self._canvas.saveState()
            self._canvas.translate(x, y)
            if _is_private(part):
                self._canvas.scale(size / _UNITS_PER_EM, size / _UNITS_PER_EM)
                self._glyph(f"{ord(part):04X}", ET.parse(_glyph_path(part)).getroot())  # noqa: S314 - verovio's data
                x += _glyph_width(part) * size / _UNITS_PER_EM
            else:
                # Letters are drawn upwards.
                self._canvas.scale(1, -1)
                self._canvas.setFont(font, size)
                self._canvas.drawString(0, 0, part)
                x += pdfmetrics.stringWidth(part, font, size)
            self._canvas.restoreState()


def _commands(description: str) -> Iterator[tuple[str, list[float]]]:
    for letter, rest in _COMMAND.findall(description):
        numbers = [float(each) for each in _NUMBER.findall(rest)]
        size = _NUMBERS_OF[letter.upper()]
        if not size:
            yield letter, []
        for at in range(0, len(numbers), size or 1):
            # Further pairs of a move are lines.
            name = letter if at == 0 or letter not in "Mm" else ("L" if letter == "M" else "l")
            yield name, numbers[at : at + size]


def _runs(element: ET.Element, inherited: dict[str, str]) -> Iterator[dict[str, str]]:
    style = inherited | {
        key: element.attrib[key] for key in ("x", "y", "font-size", "text-anchor") if key in element.attrib
    }
    children = list(element)
    if not children and element.text and element.tag == f"{_SVG}tspan":
        yield style | {"text": element.text}
    for child in children:
        if child.tag == f"{_SVG}tspan":
            yield from _runs(child, style)


def _font(text: str, style: str) -> str:
    plain = "".join(character for character in text if not _is_private(character))
    try:
        plain.encode("cp1252")
    except UnicodeEncodeError:
        if _WIDE_FONT.exists():
            pdfmetrics.registerFont(TTFont("wide", str(_WIDE_FONT)))
            return "wide"
    return f"Times-{style}"


def _is_private(character: str) -> bool:
    return len(character) == 1 and _FIRST_PRIVATE <= ord(character) <= _LAST_PRIVATE


def _glyph_path(character: str) -> Path:
    return _GLYPHS / f"{ord(character):04X}.xml"


def _glyph_width(character: str) -> float:
    return _advances().get(f"{ord(character):04X}", _UNITS_PER_EM / 2)


def _advances() -> dict[str, float]:
    if not _ADVANCES:
        fonts: Any = ET.parse(_GLYPHS.with_suffix(".xml")).getroot()  # noqa: S314 - verovio's data
        _ADVANCES.update({glyph.get("c", ""): float(glyph.get("h-a-x", 0)) for glyph in fonts.iter("g")})
    return _ADVANCES


_ADVANCES: dict[str, float] = {}
