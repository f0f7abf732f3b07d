"""Advice that was measured for released models (docs/studies/collapse.md), which their manifests cannot state."""

from typing import Final

#: Model → parameter → advice.
MEASURED_ADVICE: Final[dict[str, dict[str, str]]] = {
    "melody-pop@1.2.0": {
        "strategy": (
            "How the next note is chosen. Greedy and beam search always give the same piece; 5 and 3 of 5 measured "
            "ones hold a note over two bars, have no chords or loop."
        ),
        "temperature": (
            "Lower is more predictable. Pieces that hold a note over two bars, have no chords or loop: 100 % at 0.3, "
            "77 % at 0.5, 73 % at 0.65, 27 % at 0.95, 0 % at 1.3."
        ),
    },
}
