"""Melody networks: from parameters and a prompt to the engine's plan, and from tokens back to a piece."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import IntRange
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece
from euterpe_music.postprocessing import apply_postprocessing
from euterpe_music.tokens import (
    METERS,
    Form,
    QuantizedTrack,
    conditioning_table,
    decode_steps,
    decode_streams,
    to_piece,
)
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS
from euterpe_music.tokens.steps import HOLD
from euterpe_music.tokens.tonality import key_shift
from euterpe_music.tokens.vocabulary import Vocabulary

from euterpe_generator.domain.generation import Prompt
from euterpe_generator.engine.request import Array
from euterpe_generator.engine.tokens.plan import Part, Plan, SamplingParams, Tokens
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.prompts import prompt_tokens, read_prompt, to_sixteenths
from euterpe_generator.models.token_masks import allowed, allowed_first, penalty_exempt, scale_of, token_durations

#: The parts of a piece, in the order in which they are generated and numbered.
PARTS: Final[tuple[Literal["melody", "accompaniment"], ...]] = ("melody", "accompaniment")
#: Steps of the grid of 24ths per sixteenth.
_PER_SIXTEENTH = FINE // SIXTEENTHS
#: Maximum number of events per sixteenth of a part in two streams; a grid of sixteenths has one.
_MAX_EVENTS_PER_SIXTEENTH = 1.5


class MelodyAdapter:
    """Token networks; see ModelAdapter."""

    kind = "melody"
    length: IntRange | None = None

    def __init__(self, bundle: MelodyBundle) -> None:
        self.manifest = bundle.manifest
        self._graphs = bundle.manifest.graphs
        self._vocabularies = bundle.vocabularies
        self._has_durations = bundle.manifest.encoding == 2
        self.features = 1 + len(self._vocabularies["melody"])
        widest = max(meter.bar for meter in METERS)
        per_sixteenth = _MAX_EVENTS_PER_SIXTEENTH if self._has_durations else 1
        #: Maximum number of steps of a piece.
        self.max_steps = len(self._graphs) * round(self._max_bars() * widest * per_sixteenth)

    def resolve_parameters(
        self, parameters: Mapping[str, Value], requested: Mapping[str, Any], prompt: Prompt | None
    ) -> dict[str, Value]:
        """See ModelAdapter: a prompt determines the meter and, if it is only accompanied, the number of bars."""
        resolved = dict(parameters)
        if resolved.get("strategy") == "beam" and int(resolved["beam_width"]) % int(resolved["beam_groups"]):
            message = f"must divide beam_width, which is {resolved['beam_width']}"
            raise InvalidParameters.for_field("body.parameters.beam_groups", message)
        is_accompaniment = resolved.get("accompaniment") == "only"
        if prompt is None:
            if is_accompaniment:
                message = "is needed when accompaniment is only: it is the melody to accompany"
                raise InvalidParameters.for_field("body.prompt", message)
            return resolved
        self._resolve_meter(resolved, requested, prompt)
        if is_accompaniment and "bars" not in requested:
            resolved["bars"] = prompt.bars
        if not is_accompaniment and prompt.bars >= int(resolved["bars"]):
            message = f"must be greater than the prompt's {prompt.bars} bars, got {resolved['bars']}"
            raise InvalidParameters.for_field("body.parameters.bars", message, minimum=prompt.bars + 1)
        return resolved

    def count_steps(self, length: int | None, parameters: Mapping[str, Value], prompt: Prompt | None) -> int:
        """See ModelAdapter."""
        if length is not None:
            message = "is not supported by this model; set parameters.bars instead"
            raise InvalidParameters.for_field("body.length", message)
        return self.session_inputs(parameters, prompt).steps

    def session_inputs(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> Plan:
        """See ModelAdapter."""
        accompaniment = parameters.get("accompaniment", "off")
        if accompaniment == "only" and prompt is not None:
            part = self._part("accompaniment", parameters, None, self._melody_of(prompt))
            return Plan((part,), known_parts=(np.zeros((0, 1), np.int64),))
        parts = [self._part("melody", parameters, prompt, None)]
        if accompaniment == "on" and "accompaniment" in self._graphs:
            parts.append(self._part("accompaniment", parameters, None, None))
        return Plan(tuple(parts))

    def read_prompt(self, midi: bytes, bars: int | None, parameters: Mapping[str, Value]) -> Prompt:
        """See ModelAdapter."""
        limit = self.manifest.prompt_bars
        if parameters.get("accompaniment") == "only":
            limit = self._max_bars()
        elif bars is not None and bars > limit:
            message = f"must be between 1 and {limit}, got {bars}"
            raise InvalidParameters.for_field("body.prompt.bars", message, minimum=1, maximum=limit)
        white_keys = self.manifest.tonality == "white"
        return read_prompt(midi, min(bars or limit, limit), self._vocabularies["melody"], white_keys=white_keys)

    def decode(self, events: Array, parameters: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """See ModelAdapter. With two parts, the melody is the first track."""
        events = events[~np.isnan(events[:, 0])]
        end = self._form(parameters).steps * (_PER_SIXTEENTH if self._has_durations else 1)
        tracks = []
        for number, name in enumerate(PARTS):
            tokens = events[events[:, 0] == number][:, 1:].astype(np.int64)
            tracks.append(self._decode_track(name, tokens).window(0, end) if len(tokens) else None)
        melody, accompaniment = tracks
        if parameters.get("accompaniment") == "only" and prompt is not None:
            melody = self._melody_of(prompt)
        if melody is None:
            melody = QuantizedTrack((), (), (), 0)
        piece = to_piece(melody, accompaniment, bpm=self.manifest.bpm)
        piece = apply_postprocessing(piece, {"transpose": self._transposition(parameters, prompt)})
        return apply_postprocessing(piece, parameters)

    def _max_bars(self) -> int:
        return int(max(one.limits["maximum"] for one in self.manifest.sampling.parameters if one.name == "bars"))

    def _resolve_meter(self, resolved: dict[str, Value], requested: Mapping[str, Any], prompt: Prompt) -> None:
        """Select the prompt's meter, or a style in it. Raises InvalidParameters if the user requested another."""
        if "meter" in resolved and "meter" not in requested:
            resolved["meter"] = prompt.meter
        fitting = self._styles_in(prompt.meter)
        if "meter" not in resolved and "style" in resolved and "style" not in requested and fitting:
            resolved["style"] = resolved["style"] if resolved["style"] in fitting else fitting[0]
        form = self._form(resolved)
        if str(form.meter) != prompt.meter:
            remedy = f"set style to {' or '.join(fitting)}" if fitting else "choose another model or another prompt"
            remedy = "set parameters.meter" if "meter" in resolved else remedy
            message = f"is in {prompt.meter}, but the piece is in {form.meter}; {remedy}"
            raise InvalidParameters.for_field("body.prompt", message, meter=str(form.meter))

    def _form(self, parameters: Mapping[str, Value]) -> Form:
        named = {name: str(parameters[name]) for name in ("style", "meter") if name in parameters}
        return self.manifest.form(int(parameters["bars"]), **named)

    def _styles_in(self, meter: str) -> list[str]:
        """List the styles whose default meter is this one."""
        manifest = self.manifest
        return [style for style in manifest.styles if str(manifest.form(1, style).meter) == meter]

    def _transposition(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> int:
        """Return the semitones from the key in which the networks compose to the requested one."""
        if self.manifest.tonality != "white":
            return 0
        key = str(parameters.get("key", "any"))
        if key != "any":
            return key_shift(key)
        return 0 if prompt is None else -prompt.shift

    def _melody_of(self, prompt: Prompt) -> QuantizedTrack:
        return QuantizedTrack.from_rows(prompt.rows, FINE).transposed(prompt.shift)

    def _decode_track(self, name: str, tokens: Tokens) -> QuantizedTrack:
        streams = [one.decode(ids.tolist()) for one, ids in zip(self._vocabularies[name], tokens.T, strict=True)]
        return decode_streams(streams[0], streams[1]) if self._has_durations else decode_steps(streams[0])

    def _part(
        self, name: Any, parameters: Mapping[str, Value], prompt: Prompt | None, melody: QuantizedTrack | None
    ) -> Part:
        graph, vocabularies = self._graphs[name], self._vocabularies[name]
        form = self._form(parameters)
        features = [info.column for info in graph.conditions]

        def conditioning(previous: Sequence[Tokens]) -> Tokens:
            conditioning_melody = None
            if any(feature.name == "melody" for feature in features):
                known = self._decode_track("melody", previous[0]) if melody is None else melody
                conditioning_melody = to_sixteenths(known)
            return conditioning_table(features, form, conditioning_melody)

        sampling = sampling_params(parameters)
        beam_search = sampling.beam_width > 1
        scale = scale_of(str(parameters.get("key", "any")), white_keys=self.manifest.tonality == "white")
        timed = self._has_durations
        no_tokens = np.zeros((0, len(vocabularies)), np.int64)
        return Part(
            network=PARTS.index(name),
            steps=round(form.steps * _MAX_EVENTS_PER_SIXTEENTH) if timed else form.steps,
            end=form.steps * (_PER_SIXTEENTH if timed else 1),
            allowed=np.concatenate([allowed(one, scale) for one in vocabularies]),
            allowed_first=np.concatenate([allowed_first(one, beam_search=beam_search) for one in vocabularies]),
            penalty_exempt=np.concatenate([penalty_exempt(one) for one in vocabularies]),
            prompt=no_tokens if prompt is None else self._encode_prompt(prompt, vocabularies),
            sampling=sampling,
            conditioning=conditioning if features else None,
            durations=token_durations(vocabularies[-1]) if timed else None,
            units_per_grid_step=_PER_SIXTEENTH if timed else 1,
            onset_tokens=None if timed else np.array([token != HOLD for token in vocabularies[0].words]),
        )

    def _encode_prompt(self, prompt: Prompt, vocabularies: Sequence[Vocabulary]) -> Tokens:
        streams = prompt_tokens(self._melody_of(prompt), vocabularies)
        return np.stack([one.encode(each)[0] for one, each in zip(vocabularies, streams, strict=True)], axis=1)


def sampling_params(parameters: Mapping[str, Value]) -> SamplingParams:
    """Return the sampling parameters for the parameters of euterpe_music.melody_parameters."""
    names = {
        "temperature", "top_k", "top_p", "repetition_penalty", "repetition_window",
        "beam_width", "length_penalty", "beam_groups", "beam_diversity",
    }  # fmt: skip
    values: dict[str, Any] = {name: parameters[name] for name in names if name in parameters}
    if parameters.get("strategy") == "greedy":
        values["top_k"] = 1
    return SamplingParams(**values)
