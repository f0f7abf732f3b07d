"""Ensemble networks: from parameters to the engine's plan, and from note events back to a piece."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from euterpe_music.bundle import EnsembleBundle
from euterpe_music.ensemble_manifest import EnsembleManifest, StyleInfo
from euterpe_music.ensemble_parameters import ANY
from euterpe_music.manifest import IntRange
from euterpe_music.note_events.features import part_set
from euterpe_music.note_events.grammar import Rules
from euterpe_music.note_events.spec import METERS, tempo_class
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.ensemble.plan import Block, EnsemblePlan
from euterpe_generator.engine.ensemble.session import EnsembleSession
from euterpe_generator.engine.request import Array
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.ensemble_conditions import conditions, named_parts
from euterpe_generator.models.ensemble_pieces import composed_piece, to_piece

#: The most notes that are composed in one bar.
MAX_BAR_EVENTS: Final = 96
_DEFAULT_METER, _DEFAULT_TEMPO = "4/4", 120.0


class EnsembleAdapter:
    """Networks for several instruments; see ModelAdapter."""

    kind = "ensemble"
    length: IntRange | None = None
    features = EnsembleSession.features

    def __init__(self, bundle: EnsembleBundle) -> None:
        self.manifest: EnsembleManifest = bundle.manifest
        self._styles = {style.path: style for style in bundle.manifest.styles}
        bars = next(one for one in bundle.manifest.sampling.parameters if one.name == "bars")
        #: Maximum number of steps of a piece.
        self.max_steps = int(bars.limits["maximum"]) * (MAX_BAR_EVENTS + 2)

    def resolve_parameters(
        self,
        parameters: Mapping[str, Value],
        requested: Mapping[str, Any],  # noqa: ARG002 - part of the protocol
        prompt: Prompt | None,  # noqa: ARG002
    ) -> dict[str, Value]:
        """See ModelAdapter: instruments and chords are read, so that they are refused before anything is composed."""
        named_parts(parameters)
        conditions(parameters)
        return dict(parameters)

    def count_steps(self, length: int | None, parameters: Mapping[str, Value], prompt: Prompt | None) -> int:
        """See ModelAdapter."""
        if length is not None:
            message = "is not supported by this model; set parameters.bars instead"
            raise InvalidParameters.for_field("body.length", message)
        return self.session_inputs(parameters, prompt).steps

    def estimate(self, length: int, parameters: Mapping[str, Value]) -> Estimate:  # noqa: ARG002
        """See ModelAdapter: bars are exact; tempo and meter, where they are left open, those usual in the style."""
        count, unit = METERS[self._meter(parameters)]
        bar_quarters = count * 4 / unit
        return Estimate.of(
            int(parameters["bars"]) * bar_quarters, bar_quarters=bar_quarters, bpm=self._tempo(parameters)
        )

    def session_inputs(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> EnsemblePlan:  # noqa: ARG002
        """See ModelAdapter."""
        bars, meter = int(parameters["bars"]), self._meter(parameters)
        tempo = int(tempo_class(np.array([self._tempo(parameters)]))[0])
        parts = named_parts(parameters)
        style = self._style(parameters)
        return EnsemblePlan(
            statics=np.concatenate([style.numbers if style else (0, 0, 0), part_set(np.array(parts, np.int64))]),
            total_bars=bars,
            stop_bar=bars,
            blocks={0: Block.of_line(meter, tempo)},
            rules=Rules(
                parts=parts or None,
                meter=None if parameters.get("meter", ANY) == ANY else meter,
                tempo=tempo if "tempo" in parameters else None,
                max_bar_events=MAX_BAR_EVENTS,
            ),
            conditions=conditions(parameters),
            temperature=float(parameters["temperature"]),
            top_p=float(parameters["top_p"]),
        )

    def read_prompt(
        self,
        midi: bytes,  # noqa: ARG002
        source: PromptSource,  # noqa: ARG002
        parameters: Mapping[str, Value],  # noqa: ARG002
        stored: Mapping[str, Any],  # noqa: ARG002
    ) -> Prompt:
        """See ModelAdapter."""
        message = f"the model {self.manifest.name} does not support prompts; choose a melody model or omit the prompt"
        raise InvalidParameters.for_field("body.prompt", message)

    def decode(self, events: Array, parameters: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """See ModelAdapter."""
        plan = self.session_inputs(parameters, prompt)
        return to_piece(composed_piece(events, plan), plan, parameters)

    def current_track(self, events: Array) -> int | None:  # noqa: ARG002
        """See ModelAdapter: all tracks are composed together."""
        return None

    def _style(self, parameters: Mapping[str, Value]) -> StyleInfo | None:
        return self._styles.get(str(parameters.get("style", ANY)))

    def _meter(self, parameters: Mapping[str, Value]) -> int:
        """Return the class of the requested meter, or of the one usual in the style."""
        requested, style = str(parameters.get("meter", ANY)), self._style(parameters)
        name = requested if requested != ANY else style.meter if style else _DEFAULT_METER
        count, unit = name.split("/")
        return METERS.index((int(count), int(unit)))

    def _tempo(self, parameters: Mapping[str, Value]) -> float:
        """Return the requested tempo, or the one usual in the style, in quarters per minute."""
        style = self._style(parameters)
        return float(parameters.get("tempo", style.tempo if style else _DEFAULT_TEMPO))
