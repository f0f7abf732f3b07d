"""Piano rolls as SVG 1.1: sharp at any size; can follow the viewer's theme."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from euterpe_music.piece import Piece

from euterpe_converter.domain.picture import Picture, Theme
from euterpe_converter.rendering.picture.layout import Group, Layout
from euterpe_converter.rendering.picture.palette import Palette, palette

# More notes are drawn as one path per colour: a fifth of the size, without rounded corners.
_MAX_ROUNDED_NOTES = 3_000
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"
_MIN_ROUNDED_ROW_HEIGHT = 4.0


def draw(piece: Piece, picture: Picture) -> bytes:
    """Return the whole document in UTF-8."""
    layout = Layout(piece, picture)
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    name = f"Piano roll of {picture.title}" if picture.title else "Piano roll"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(name)}</title>",
        f"<style>{_style(picture.theme)}</style>",
        f'<rect width="{picture.width}" height="{picture.height}" class="g"/>',
        *_grid(layout),
        *(_notes(group, len(piece.notes), layout.row) for group in layout.groups()),
    ]
    if picture.card:
        parts += _heading(layout, picture)
    return "".join([*parts, "</svg>\n"]).encode()


def _style(theme: Theme) -> str:
    common = f"text{{{_FONT}}}.l{{stroke:var(--l);stroke-width:1}}.g{{fill:var(--g)}}.k{{fill:var(--k)}}"
    common += ".f{fill:var(--f)}.t{fill:var(--t)}.d{fill:var(--d)}"
    common += "".join(f".n{number}{{fill:var(--n{number})}}" for number in range(len(palette(theme).tracks)))
    if theme is not Theme.AUTO:
        return f":root{{{_variables(palette(theme))}}}{common}"
    dark = f"@media(prefers-color-scheme:dark){{:root{{{_variables(palette(Theme.DARK))}}}}}"
    return f":root{{{_variables(palette(Theme.LIGHT))}}}{dark}{common}"


def _variables(colours: Palette) -> str:
    named = {"g": colours.ground, "k": colours.black_keys, "l": colours.line, "f": colours.faint, "t": colours.text}
    named |= {"d": colours.drums} | {f"n{number}": colour for number, colour in enumerate(colours.tracks)}
    return ";".join(f"--{name}:{colour}" for name, colour in named.items())


def _grid(layout: Layout) -> Iterator[str]:
    frame = layout.frame
    width = frame.right - frame.left
    for top, bottom in layout.black_rows():
        yield f'<rect x="{frame.left:g}" y="{top:.2f}" width="{width:g}" height="{bottom - top:.2f}" class="k"/>'
    labels = frame.left > 0
    for y, name in layout.octaves():
        yield f'<path d="M{frame.left:g} {y:.2f}h{width:g}" class="l"/>'
        if labels:
            at = f'x="{frame.left - 7:g}" y="{y - 2:.2f}"'
            yield f'<text {at} text-anchor="end" font-size="11" class="f">{name}</text>'
    for x, name in layout.times():
        yield f'<path d="M{x:.2f} {frame.top:g}V{frame.bottom:g}" class="l"/>'
        if labels and x < frame.right - 30:
            yield f'<text x="{x + 3:.2f}" y="{frame.bottom + 15:g}" font-size="11" class="f">{name}</text>'


def _notes(group: Group, total: int, row: float) -> str:
    colour = "d" if group.track is None else f"n{group.track % len(palette(Theme.LIGHT).tracks)}"
    opening = f'<g class="{colour}"' + (f' fill-opacity="{group.strength:g}">' if group.strength < 1 else ">")
    if total > _MAX_ROUNDED_NOTES or row < _MIN_ROUNDED_ROW_HEIGHT:
        sides = "".join(
            f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}z" for left, top, right, bottom in group.boxes.tolist()
        )
        return f'{opening}<path d="{sides}"/></g>'
    radius = min(3.0, row / 4)
    boxes = "".join(
        f'<rect x="{left:g}" y="{top:g}" width="{right - left:.4g}" height="{bottom - top:.4g}" rx="{radius:.3g}"/>'
        for left, top, right, bottom in group.boxes.tolist()
    )
    return f"{opening}{boxes}</g>"


def _heading(layout: Layout, picture: Picture) -> list[str]:
    left = layout.frame.left
    minutes, seconds = divmod(round(layout.seconds), 60)
    below = " · ".join(text for text in (picture.author, f"{minutes}:{seconds:02}") if text)
    right, foot = layout.frame.right, picture.height - 24
    title = escape(shortened(picture.title))
    return [
        f'<text x="{left:g}" y="112" font-size="60" font-weight="650" class="t">{title}</text>',
        f'<text x="{left:g}" y="162" font-size="28" class="f">{escape(below)}</text>',
        f'<text x="{right:g}" y="{foot}" font-size="24" text-anchor="end" font-weight="600" class="f">Euterpe</text>',
    ]


def shortened(title: str, max_length: int = 34) -> str:
    """Shorten a title to one line of the card."""
    return title if len(title) <= max_length else title[: max_length - 1].rstrip() + "…"
