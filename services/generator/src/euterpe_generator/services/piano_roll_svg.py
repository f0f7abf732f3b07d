"""Piano rolls as SVG."""

from html import escape

import numpy as np
from euterpe_music.pianoroll import piano_roll
from euterpe_music.piece import Piece

_WIDTH, _HEIGHT, _MARGIN = 800, 240, 22
#: One colour per track, distinguishable with colour blindness.
_COLOURS = ("#1f5fa8", "#e08a1e", "#2a9d74", "#8a4fa3")


def piano_roll_svg(piece: Piece, title: str) -> str:
    """Draw the notes over time in seconds and pitch, one colour per track, with a line at each octave."""
    roll = piano_roll(piece)
    low = (int(roll.pitch.min()) if len(roll.pitch) else 60) // 12 * 12
    high = max(-(-(int(roll.pitch.max()) + 1 if len(roll.pitch) else 72) // 12) * 12, low + 24)
    seconds = max(float(roll.end.max(initial=0.0)), 1.0)
    pixels_per_second = (_WIDTH - 2 * _MARGIN) / seconds
    pixels_per_pitch = (_HEIGHT - 2 * _MARGIN) / (high - low)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>text {{ font: 11px sans-serif }}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_MARGIN}" y="15" fill="#222">{escape(title[:110])}</text>',
    ]
    for octave in range(low, high + 1, 12):
        y = _HEIGHT - _MARGIN - (octave - low) * pixels_per_pitch
        lines.append(f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - _MARGIN}" stroke="#ddd"/>')
        lines.append(f'<text x="2" y="{y + 4:.1f}" fill="#777" font-size="9">C{octave // 12 - 1}</text>')
    for second in np.arange(0, seconds + 1e-9, _spacing(seconds)):
        x = _MARGIN + second * pixels_per_second
        lines.append(f'<text x="{x:.1f}" y="{_HEIGHT - 6}" fill="#777" font-size="9">{second:g} s</text>')
    for start, end, pitch, velocity, track in zip(
        roll.start.tolist(), roll.end.tolist(), roll.pitch.tolist(), roll.velocity.tolist(), roll.track.tolist(),
        strict=True,
    ):  # fmt: skip
        x, y = _MARGIN + start * pixels_per_second, _HEIGHT - _MARGIN - (pitch - low + 1) * pixels_per_pitch
        width = max((end - start) * pixels_per_second - 0.5, 0.8)
        lines.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{pixels_per_pitch:.1f}" '
            f'fill="{_COLOURS[track % len(_COLOURS)]}" fill-opacity="{0.4 + velocity / 212:.2f}"/>'
        )
    return "\n".join([*lines, "</svg>\n"])


def _spacing(seconds: float) -> float:
    return next((step for step in (1, 2, 5, 10, 20, 30, 60) if seconds / step <= 12), seconds / 10)
