"""Rates composed pieces by the critic of a bundle, to select the best of several candidates."""

from typing import Any

import onnxruntime as ort
from euterpe_music.note_events.critic_features import critic_features

from euterpe_generator.engine.ensemble.composed import composed_piece
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
        features = critic_features(composed_piece(events, plan))
        return float(self._session.run(["score"], {"features": features})[0][0]) if len(features) else float("-inf")
