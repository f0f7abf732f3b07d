"""A line chart of the memory of processes over time, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 480, 60, 150, 20, 40
COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#b07aa1", "#9c755f", "#edc948")
_GRID_LINES = 5


def memory_chart(samples: Mapping[str, Sequence[tuple[float, int]]], seconds: float, *, baseline: float) -> str:
    """Return a chart of `samples`: name → (seconds since the start, bytes); a line marks the baseline's time."""
    highest = max((size for series in samples.values() for _, size in series), default=1) / 1e6 * 1.05
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for step in range(_GRID_LINES + 1):
        value = highest * step / _GRID_LINES
        y = _y(value, highest)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.0f} MB</text>')
    for step in range(7):
        at = seconds * step / 6
        lines.append(f'<text x="{_x(at, seconds):.1f}" y="{HEIGHT - 16}" text-anchor="middle">{at / 60:.1f} min</text>')
    x = _x(baseline, seconds)
    lines.append(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#999" stroke-dasharray="4"/>'
    )
    order = sorted(samples, key=lambda name: -samples[name][-1][1])
    for number, name in enumerate(order):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{_x(at, seconds):.1f},{_y(size / 1e6, highest):.1f}" for at, size in samples[name])
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        label = f"{escape(name)} {samples[name][-1][1] / 1e6:.0f} MB"
        lines.append(f'<text x="{WIDTH - RIGHT + 8}" y="{TOP + 16 * (number + 1)}" fill="{colour}">{label}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _x(at: float, seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(at / seconds, 1.0)


def _y(value: float, highest: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / highest
