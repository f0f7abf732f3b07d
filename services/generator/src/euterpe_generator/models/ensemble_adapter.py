"""Ensemble networks: from parameters to the engine's plan, and from note events back to a piece."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import numpy as np
from euterpe_music.bundle import EnsembleBundle
from euterpe_music.ensemble_manifest import EnsembleManifest, StyleInfo
from euterpe_music.ensemble_parameters import ANY
from euterpe_music.key import KEYS
from euterpe_music.manifest import IntRange
from euterpe_music.note_events.common_key import COMMON_KEYS, key_shift
from euterpe_music.note_events.features import part_set
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import COLUMNS, METERS, tempo_class
from euterpe_music.parameters import ParameterError, Value
from euterpe_music.piece import Piece

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.ensemble.composed import composed_piece
from euterpe_generator.engine.ensemble.ending import ATTEMPTS, EndingPlan
from euterpe_generator.engine.ensemble.plan import Block, EnsemblePlan
from euterpe_generator.engine.ensemble.session import EnsembleSession
from euterpe_generator.engine.request import Array
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.adapters import refuse_length
from euterpe_generator.models.endings import OFF, SEARCHED_BARS
from euterpe_generator.models.ensemble_conditions import composed_key, conditions, named_parts, part_numbers
from euterpe_generator.models.ensemble_merging import merged_piece
from euterpe_generator.models.ensemble_pieces import to_piece
from euterpe_generator.models.ensemble_prompts import (
    MAX_GIVEN_EVENTS,
    PromptMusic,
    constant_settings,
    given_blocks,
    prompt_music,
    read_ensemble_prompt,
)
from euterpe_generator.models.offered_parameters import offered_ensemble_manifest

#: The most notes that are composed in one bar.
MAX_BAR_EVENTS: Final = 96
#: In held-out works, 97 % of the rests of all instruments together are no longer.
MAX_EMPTY_BARS: Final = 2
#: How often pieces with a typical ending end on the tonic, where that is possible: as test works of folk and pop do.
TYPICAL_SHARE: Final = 0.78
#: A change of meter or tempo of which the network is unsure is a mistake, also where its notes are drawn freely.
_LINE_TEMPERATURE: Final = 0.5
_DEFAULT_METER, _DEFAULT_TEMPO = "4/4", 120.0


class EnsembleAdapter:
    """Networks for several instruments; see ModelAdapter."""

    kind = "ensemble"
    length: IntRange | None = None
    features = EnsembleSession.features

    def __init__(self, bundle: EnsembleBundle) -> None:
        self.manifest: EnsembleManifest = offered_ensemble_manifest(bundle.manifest)
        self._styles = {style.path: style for style in bundle.manifest.styles}
        self._parameters = {one.name: one for one in bundle.manifest.sampling.parameters}
        self._max_bars = int(self._parameters["bars"].limits["maximum"])
        #: Maximum number of steps of a piece.
        bars = self._max_bars + SEARCHED_BARS * ATTEMPTS
        self.max_steps = bars * (MAX_BAR_EVENTS + 2) + MAX_GIVEN_EVENTS

    def resolve_parameters(
        self, parameters: Mapping[str, Value], requested: Mapping[str, Any], prompt: Prompt | None
    ) -> dict[str, Value]:
        """See ModelAdapter: instruments and chords are read, so that they are refused before anything is composed.

        What is not requested comes from the prompt.
        """
        resolved = dict(parameters)
        if prompt is not None:
            resolved |= {name: value for name, value in prompt.settings.items() if name not in requested}
        parts = named_parts(parameters)
        if prompt is not None and prompt.material is not None:
            if prompt.material.use == "continue":
                self._resolve_bars(resolved, requested, prompt)
            else:
                self._resolve_fixed(resolved, requested, prompt)
            if prompt.material.use == "accompany" and not parts:
                message = "names the instruments to add, and is needed to accompany a prompt"
                raise InvalidParameters.for_field("body.parameters.parts", message)
        conditions(resolved)
        return resolved

    def _resolve_bars(self, resolved: dict[str, Value], requested: Mapping[str, Any], prompt: Prompt) -> None:
        if "bars" not in requested and prompt.bars >= int(resolved["bars"]):
            resolved["bars"] = min(prompt.bars + int(resolved["bars"]), self._max_bars)
        if prompt.bars >= int(resolved["bars"]):
            message = f"must be greater than the prompt's {prompt.bars} bars, got {resolved['bars']}"
            raise InvalidParameters.for_field("body.parameters.bars", message, minimum=prompt.bars + 1)

    def _resolve_fixed(self, resolved: dict[str, Value], requested: Mapping[str, Any], prompt: Prompt) -> None:
        """Refuse what the prompt determines, where its bars stay."""
        for name in ("tempo", "meter", "bars"):
            if requested.get(name, ANY) != ANY:
                message = "is that of the prompt, and cannot be set to accompany it or to replace bars"
                raise InvalidParameters.for_field(f"body.parameters.{name}", message)
        resolved["bars"] = min(prompt.bars, self._max_bars)

    def count_steps(self, length: int | None, parameters: Mapping[str, Value], prompt: Prompt | None) -> int:
        """See ModelAdapter."""
        refuse_length(length)
        return self.session_inputs(parameters, prompt).steps

    def estimate(self, length: int, parameters: Mapping[str, Value]) -> Estimate:  # noqa: ARG002
        """See ModelAdapter: bars are exact; tempo and meter, where they are left open, those usual in the style."""
        count, unit = METERS[self._meter(parameters)]
        bar_quarters = count * 4 / unit
        return Estimate.of(
            int(parameters["bars"]) * bar_quarters, bar_quarters=bar_quarters, bpm=self._tempo(parameters)
        )

    def session_inputs(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> EnsemblePlan:
        """See ModelAdapter."""
        music = self._music(prompt)
        requested = named_parts(parameters)
        if music is None or prompt is None:
            style = self._style(parameters)
            requested = requested or part_numbers(style.instruments if style else ())
            bars = int(parameters["bars"])
            line = Block.of_line(self._meter(parameters), self._tempo_class(parameters))
            plan = self._plan(parameters, requested, requested, bars, bars, {0: line}, self._shift(parameters))
            usual = self._usual_texture(parameters)
            return replace(plan, max_empty_bars=MAX_EMPTY_BARS, conditions={**usual, **plan.conditions})
        first, blocks = given_blocks(music, prompt.bars)
        present = sorted(set(music.parts.values()))
        if music.material.use == "continue":
            blocks = {**blocks, prompt.bars: self._first_line(parameters, blocks[prompt.bars])}
            bars = int(parameters["bars"])
            parts = requested or tuple(present)
            plan = self._plan(parameters, parts, (*present, *parts), bars, bars, blocks, music.shift)
            return replace(plan, max_empty_bars=MAX_EMPTY_BARS)
        gap = music.gap
        if gap is None:
            parts = (*present, *requested)
            plan = self._plan(parameters, requested, parts, music.bars, music.bars, blocks, music.shift)
            return plan.beginning_at(music.first_position)
        parts = tuple(sorted({music.parts[track] for track in music.replaced_tracks}))
        plan = self._plan(parameters, parts, present, music.bars, gap.stop, blocks, music.shift)
        return replace(plan.beginning_at(music.first_position), first_bar=first, gaps=(gap,))

    def _plan(
        self, parameters: Mapping[str, Value], composed: Sequence[int], named: Sequence[int], bars: int, stop: int,
        blocks: Mapping[int, Block], shift: int,
    ) -> EnsemblePlan:  # fmt: skip
        """Return a plan in which the parts `composed` are composed; `named` are all parts of the piece.

        `shift` are the semitones from the key of the piece to the one in which the network composes.
        """
        style, is_open = self._style(parameters), parameters.get("meter", ANY) == ANY
        named_set = part_set(np.array(sorted(set(named)), np.int64))
        return EnsemblePlan(
            statics=np.concatenate([style.numbers if style else (0, 0, 0), named_set]),
            total_bars=bars,
            stop_bar=stop,
            blocks=blocks,
            rules=Rules(
                parts=tuple(composed) or None,
                meter=None if is_open else self._meter(parameters),
                tempo=self._tempo_class(parameters) if "tempo" in parameters else None,
                max_bar_events=MAX_BAR_EVENTS,
            ),
            conditions=conditions(parameters, shift),
            transposition=-shift,
            keys=self._keys(parameters, shift),
            temperatures=self._temperatures(parameters),
            line_temperature=_LINE_TEMPERATURE if self.manifest.column_temperatures else 1.0,
            figure_strength=self.manifest.figure_strengths.get(_genre(parameters), 0.0),
            top_p=float(parameters["top_p"]),
            is_compared=int(parameters.get("candidates", 1)) > 1,
            ending=self._ending(parameters, bars, stop, blocks, shift),
        )

    def _ending(
        self, parameters: Mapping[str, Value], bars: int, stop: int, blocks: Mapping[int, Block], shift: int
    ) -> EndingPlan | None:
        """Return the search for the ending of a piece whose last bars are composed freely, after another free bar."""
        start, choice = max(bars - SEARCHED_BARS, max(blocks) + 1), str(parameters.get("ending", OFF))
        if choice == OFF or stop < bars or start >= bars:
            return None
        keys = self._keys(parameters, shift) or tuple(range(len(KEYS)))
        return EndingPlan(start, keys, 1.0 if choice == "tonic" else TYPICAL_SHARE)

    def _usual_texture(self, parameters: Mapping[str, Value]) -> dict[str, list[int]]:
        """Return the density and polyphony that are usual in the style, if they and the instruments are left open.

        Otherwise networks compose a single line for instruments that can play more.
        """
        style = self._style(parameters)
        if style is None or any(parameters.get(name, ANY) != ANY for name in ("parts", "density", "polyphony")):
            return {}
        levels = {"density": style.density, "polyphony": style.polyphony}
        return {name: [level] for name, level in levels.items() if level}

    def _keys(self, parameters: Mapping[str, Value], shift: int) -> tuple[int, ...]:
        """Return the key in which the network composes, or those in which it may; none where it may be in any."""
        requested = composed_key(str(parameters.get("key", ANY)), shift)
        if requested is not None:
            return (requested,)
        return COMMON_KEYS if self.manifest.has_common_key else ()

    def _first_line(self, parameters: Mapping[str, Value], usual: Block) -> Block:
        """Return the bar line after a prompt: in its meter and tempo, unless others are requested."""
        meter = usual.meter if parameters.get("meter", ANY) == ANY else self._meter(parameters)
        return Block.of_line(meter, self._tempo_class(parameters) if "tempo" in parameters else usual.tempo)

    def read_prompt(
        self,
        midi: bytes,
        source: PromptSource,
        parameters: Mapping[str, Value],  # noqa: ARG002 - part of the protocol
        stored: Mapping[str, Any],
    ) -> Prompt:
        """See ModelAdapter. A song's style and key are those of its parameters; a file has no style.

        A prompt in one meter and one tempo is continued in them.
        """
        prompt = read_ensemble_prompt(midi, source, self._max_bars, has_common_key=self.manifest.has_common_key)
        music = self._music(prompt)
        found: dict[str, Any] = {"style": ANY} | {name: stored[name] for name in ("style", "key") if name in stored}
        if source.use == "continue" and music is not None:
            found |= constant_settings(music, prompt.bars)
        settings: dict[str, Value] = {}
        for name, value in found.items():
            with suppress(ParameterError):
                settings[name] = self._parameters[name].check(value)
        return replace(prompt, settings={"style": ANY} | settings)

    def decode(self, events: Array, parameters: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """See ModelAdapter."""
        plan = self.session_inputs(parameters, prompt)
        music = self._music(prompt)
        if music is None or prompt is None:
            return to_piece(composed_piece(events, plan), plan, parameters)
        return merged_piece(music, events, plan, parameters, prompt.bars)

    def current_track(self, events: Array) -> int | None:  # noqa: ARG002
        """See ModelAdapter: all tracks are composed together."""
        return None

    def _music(self, prompt: Prompt | None) -> PromptMusic | None:
        if prompt is None or prompt.material is None:
            return None
        return prompt_music(prompt.material, has_common_key=self.manifest.has_common_key)

    def _shift(self, parameters: Mapping[str, Value]) -> int:
        """Return the semitones from the key of a piece to the one in which the network composes.

        Without a requested key, the piece has the signature of the key that is usual in the style.
        """
        style, key = self._style(parameters), str(parameters.get("key", ANY))
        if key == ANY:
            key = style.key if style else ""
        return key_shift(KEYS.index(key)) if key and self.manifest.has_common_key else 0

    def _style(self, parameters: Mapping[str, Value]) -> StyleInfo | None:
        return self._styles.get(str(parameters.get("style", ANY)))

    def _temperatures(self, parameters: Mapping[str, Value]) -> tuple[float, ...]:
        """Return the temperature of each column: the requested one, times that of the genre."""
        factors = self.manifest.column_temperatures.get(_genre(parameters), (1.0,) * len(COLUMNS))
        return tuple(float(parameters["temperature"]) * factor for factor in factors)

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

    def _tempo_class(self, parameters: Mapping[str, Value]) -> int:
        return int(tempo_class(np.array([self._tempo(parameters)]))[0])


def _genre(parameters: Mapping[str, Value]) -> str:
    return str(parameters.get("style", ANY)).partition("/")[0]
