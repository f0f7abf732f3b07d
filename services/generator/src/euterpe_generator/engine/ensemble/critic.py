"""Rates composed pieces by the critic of a bundle, to select the best of several candidates."""

from typing import Any

import numpy as np
import onnxruntime as ort
from euterpe_music.note_events.critic_features import critic_features
from euterpe_music.note_events.piece import BAR_INFO, NotePiece
from euterpe_music.note_events.spec import NO_CHORD, UNKNOWN_KEY

from euterpe_generator.engine.ensemble.composed import composed_events
from euterpe_generator.engine.ensemble.plan import EnsemblePlan
from euterpe_generator.engine.providers import session_options
from euterpe_generator.engine.request import Array


class Critic:
    """Rates pieces with a graph from the features of notes to how real they look."""

    def __init__(self, graph: bytes) -> None:
        # It takes a few milliseconds on a CPU, and runs once for a piece.
        self._session: Any = ort.InferenceSession(graph, session_options(1), providers=["CPUExecutionProvider"])

    def score(self, events: Array, plan: EnsemblePlan) -> float:
        """Return how real composed events look: the log-odds against composed music; the least for no notes."""
        notes, lines = composed_events(events, 0)
        if not len(notes):
            return float("-inf")
        lines |= {bar: (block.meter, block.tempo) for bar, block in plan.blocks.items()}
        first, last = int(notes["bar"].min()), int(notes["bar"].max())
        bars = np.zeros(last + 1 - first, BAR_INFO)
        bars["key"], bars["chord"] = UNKNOWN_KEY, NO_CHORD
        line = lines[min(lines)]
        for bar in range(first, last + 1):
            line = lines.get(bar, line)
            bars[bar - first]["meter"], bars[bar - first]["tempo"] = line
        notes["bar"] -= first
        features = critic_features(NotePiece(notes, bars))
        return float(self._session.run(["score"], {"features": features})[0][0]) if len(features) else float("-inf")
