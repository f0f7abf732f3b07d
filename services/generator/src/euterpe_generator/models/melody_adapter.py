"""Melody networks: from parameters and a prompt to the engine's plan, and from tokens back to a piece."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from euterpe_music.bundle import MelodyBundle
from euterpe_music.key_signature import KeyChange, KeySignature, pitch_class
from euterpe_music.manifest import IntRange
from euterpe_music.melody_parameters import ANY_KEY, KEYS
from euterpe_music.parameters import ParameterError, Value
from euterpe_music.piece import Piece
from euterpe_music.postprocessing import PROGRAMS, apply_postprocessing
from euterpe_music.tokens import (
    METERS,
    Form,
    QuantizedTrack,
    conditioning_table,
    decode_steps,
    decode_streams,
    to_piece,
)
from euterpe_music.tokens.conditioning import MAJOR, MINOR, UNKNOWN_MODE
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS
from euterpe_music.tokens.steps import HOLD
from euterpe_music.tokens.tonality import key_shift
from euterpe_music.tokens.vocabulary import Vocabulary

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.prompt import Prompt, Rows
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Array
from euterpe_generator.engine.tokens.plan import Ending, Part, Plan, SamplingParams, Tokens
from euterpe_generator.errors import InvalidParameters
from euterpe_generator.models.adapters import refuse_length
from euterpe_generator.models.endings import (
    OFF,
    Frame,
    MelodyOf,
    TokenPart,
    accompaniment_ending,
    ending_shares,
    melody_ending,
)
from euterpe_generator.models.given_notes import with_given_notes
from euterpe_generator.models.melody_replacement import read_replacement, with_replaced_bars
from euterpe_generator.models.offered_parameters import offered_manifest
from euterpe_generator.models.prompts import PromptReading, prompt_tokens, read_prompt
from euterpe_generator.models.token_masks import (
    allowed,
    allowed_first,
    key_bias,
    penalty_exempt,
    scale_of,
    sounds_on,
    token_durations,
)
from euterpe_generator.models.two_part_form import (
    COMPOSED_BARS,
    TWO_PART,
    resolve_two_part_form,
    two_part_conditions,
    with_repeats,
)

PartName = Literal["melody", "accompaniment"]
#: The parts of a piece, in the order in which they are generated and numbered.
PARTS: Final[tuple[PartName, ...]] = ("melody", "accompaniment")
#: Parameters that a piece takes from the song that it continues, unless they are requested.
_INHERITED: Final = (
    "style", "meter", "key", "accompaniment", "tempo", "melody_instrument", "accompaniment_instrument",
)  # fmt: skip
#: Strength of `key_bias` for a requested key: with it, the estimated key is the requested one at least as often as that
#: of real tunes is the stated one; see docs/studies/keys.md.
_KEY_BIAS: Final = 1.5
#: Steps of the grid of 24ths per sixteenth.
_PER_SIXTEENTH = FINE // SIXTEENTHS
#: Maximum number of events per sixteenth of a part in two streams; a grid of sixteenths has one.
_MAX_EVENTS_PER_SIXTEENTH = 1.5


class MelodyAdapter:
    """Token networks; see ModelAdapter."""

    kind = "melody"
    length: IntRange | None = None

    def __init__(self, bundle: MelodyBundle) -> None:
        self.manifest = offered_manifest(bundle.manifest)
        self._graphs = bundle.manifest.graphs
        self._vocabularies = bundle.vocabularies
        self._has_durations = bundle.manifest.encoding == 2
        #: Time units of the engine per sixteenth.
        self._units = _PER_SIXTEENTH if self._has_durations else 1
        self.features = 1 + len(self._vocabularies["melody"])
        widest = max(meter.bar for meter in METERS)
        per_sixteenth = _MAX_EVENTS_PER_SIXTEENTH if self._has_durations else 1
        #: Maximum number of steps of a piece.
        self.max_steps = len(self._graphs) * round(self._max_bars() * widest * per_sixteenth)

    def resolve_parameters(
        self, parameters: Mapping[str, Value], requested: Mapping[str, Any], prompt: Prompt | None
    ) -> dict[str, Value]:
        """See ModelAdapter: what is not requested comes from the prompt; its meter always does."""
        resolved = dict(parameters)
        _check_sampling(resolved)
        if prompt is not None and prompt.replaced_bars:
            return self._resolve_replacement(resolved, requested, prompt)
        if prompt is not None:
            resolved |= {n: value for n, value in prompt.settings.items() if n in resolved and n not in requested}
        is_accompaniment = resolved.get("accompaniment") == "only"
        if resolved.get("form") == TWO_PART:
            resolve_two_part_form(resolved, requested, has_prompt=prompt is not None)
        if prompt is None:
            if is_accompaniment:
                message = "is needed when accompaniment is only: it is the melody to accompany"
                raise InvalidParameters.for_field("body.prompt", message)
            return resolved
        self._resolve_meter(resolved, requested, prompt)
        if is_accompaniment and "bars" not in requested:
            resolved["bars"] = prompt.bars
        elif "bars" not in requested and prompt.bars >= int(resolved["bars"]):
            resolved["bars"] = min(prompt.bars + int(resolved["bars"]), self._max_bars())
        if not is_accompaniment and prompt.bars >= int(resolved["bars"]):
            message = f"must be greater than the prompt's {prompt.bars} bars, got {resolved['bars']}"
            raise InvalidParameters.for_field("body.parameters.bars", message, minimum=prompt.bars + 1)
        return resolved

    def count_steps(self, length: int | None, parameters: Mapping[str, Value], prompt: Prompt | None) -> int:
        """See ModelAdapter."""
        refuse_length(length)
        return self.session_inputs(parameters, prompt).steps

    def estimate(self, length: int, parameters: Mapping[str, Value]) -> Estimate:  # noqa: ARG002
        """See ModelAdapter: exact, because bars, meter and tempo are parameters."""
        bar_quarters = self._form(parameters).meter.bar_quarters
        bpm = float(parameters.get("tempo", self.manifest.bpm))
        return Estimate.of(int(parameters["bars"]) * bar_quarters, bar_quarters=bar_quarters, bpm=bpm)

    def session_inputs(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> Plan:
        """See ModelAdapter."""
        accompaniment = parameters.get("accompaniment", "off")
        if accompaniment == "only" and prompt is not None:
            part = self._part("accompaniment", parameters, prompt, ())
            return Plan((part,), known_parts=(np.zeros((0, 1), np.int64),))
        rows = () if prompt is None else _transposed(prompt.rows, prompt.shift)
        melody = self._part("melody", parameters, prompt, rows)
        if prompt is not None and prompt.after:
            return Plan((self._before(melody, prompt, parameters),))
        parts = [melody]
        if accompaniment == "on" and "accompaniment" in self._graphs:
            rows = () if prompt is None else _transposed(prompt.accompaniment, prompt.shift)
            parts.append(self._part("accompaniment", parameters, prompt, rows))
        return Plan(tuple(parts))

    def read_prompt(
        self, midi: bytes, source: PromptSource, parameters: Mapping[str, Value], stored: Mapping[str, Any]
    ) -> Prompt:
        """See ModelAdapter. A composed song's style, meter, key, tempo and instruments are those of its parameters."""
        limit, is_accompaniment = self.manifest.prompt_bars, parameters.get("accompaniment") == "only"
        if source.use == "replace":
            requested = str(parameters.get("key", ANY_KEY))
            key = stored.get("key") if requested == ANY_KEY else requested
            prompt = read_replacement(
                midi,
                source,
                key=key if key in KEYS and key != ANY_KEY else None,
                bars_before=limit,
                max_bars=self._max_bars(),
                white_keys=self.manifest.tonality == "white",
            )
            inherited = self._inherited(stored)
            return replace(prompt, settings={n: inherited[n] for n in ("style", "meter") if n in inherited})
        if is_accompaniment:
            limit = self._max_bars()
        elif source.bars is not None and source.bars > limit:
            message = f"must be between 1 and {limit}, got {source.bars}"
            raise InvalidParameters.for_field("body.prompt.bars", message, minimum=1, maximum=limit)
        settings = self._inherited(stored)
        key = stored.get("key")
        reading = PromptReading(
            bars=min(source.bars or limit, limit),
            meter=self._form({**settings, "bars": 1}).meter if settings.keys() & {"style", "meter"} else None,
            key=key if key in KEYS and key != ANY_KEY else None,
            melody_only=is_accompaniment or source.replace_accompaniment,
            whole_bars=is_accompaniment,
            white_keys=self.manifest.tonality == "white",
        )
        prompt = read_prompt(midi, reading, self._vocabularies)
        return replace(prompt, settings=self._valid({**prompt.settings, **_instruments(prompt)}) | settings)

    def decode(self, events: Array, parameters: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """See ModelAdapter. With two parts, the melody is the first track."""
        events = events[~np.isnan(events[:, 0])]
        melody, accompaniment = (self._composed_track(number, events, parameters) for number in range(len(PARTS)))
        if prompt is not None and prompt.replaced_bars:
            return with_replaced_bars(prompt, melody)
        if melody is None:
            melody = QuantizedTrack((), (), (), 0)
        piece = to_piece(melody, accompaniment, bpm=self.manifest.bpm, meter=self._form(parameters).meter)
        transposition = self._transposition(parameters, prompt)
        piece = apply_postprocessing(piece, {"transpose": transposition})
        values = dict(parameters)
        if prompt is not None:
            has_accompaniment = parameters.get("accompaniment", "off") != "off"
            if prompt.given.tracks:
                semitones = transposition + prompt.shift
                piece = with_given_notes(
                    piece,
                    prompt,
                    bars=int(parameters["bars"]),
                    semitones=semitones,
                    has_accompaniment=has_accompaniment,
                )
            if not has_accompaniment:
                values.pop("accompaniment_instrument", None)
        piece = apply_postprocessing(piece, values)
        key = self._key(parameters, prompt)
        return piece if key is None else replace(piece, keys=(KeyChange(0, key),))

    def current_track(self, events: Array) -> int:
        """See ModelAdapter."""
        numbers = events[~np.isnan(events[:, 0]), 0]
        return int(numbers.max()) if len(numbers) else 0

    def _key(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> KeySignature | None:
        """Return the requested key or that of the prompt; None leaves it to be estimated."""
        requested = str(parameters.get("key", ANY_KEY))
        if requested != ANY_KEY:
            return KeySignature.parse(requested)
        return None if prompt is None or prompt.key is None else KeySignature.parse(prompt.key)

    def _inherited(self, stored: Mapping[str, Any]) -> dict[str, Value]:
        """Return the parameters that a piece takes from the song that it continues."""
        settings = self._valid({name: stored[name] for name in _INHERITED if name in stored})
        if settings.get("accompaniment") == "only":
            settings["accompaniment"] = "on"
        return settings

    def _valid(self, values: Mapping[str, Any]) -> dict[str, Value]:
        """Return those of the values that this model's parameters accept; numbers are moved to the nearest limit."""
        valid: dict[str, Value] = {}
        for parameter in self.manifest.sampling.parameters:
            value = values.get(parameter.name)
            if parameter.kind == "number" and isinstance(value, int | float):
                value = min(max(value, parameter.limits["minimum"]), parameter.limits["maximum"])
            with suppress(ParameterError):
                valid[parameter.name] = parameter.check(value)
        return valid

    def _max_bars(self) -> int:
        return int(max(one.limits["maximum"] for one in self.manifest.sampling.parameters if one.name == "bars"))

    def _min_bars(self) -> int:
        return int(min(one.limits["minimum"] for one in self.manifest.sampling.parameters if one.name == "bars"))

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

    def _resolve_replacement(
        self, resolved: dict[str, Value], requested: Mapping[str, Any], prompt: Prompt
    ) -> dict[str, Value]:
        """Return the parameters with which bars of a melody are replaced. Raises InvalidParameters for others."""
        unfit = {"accompaniment": ("on", "only"), "form": (TWO_PART,), "strategy": ("beam",)}
        for name, values in unfit.items():
            if resolved.get(name) in values and name in requested:
                message = f"must not be {resolved[name]} where bars are replaced"
                raise InvalidParameters.for_field(f"body.parameters.{name}", message)
        if "accompaniment" in resolved:
            resolved["accompaniment"] = "off"
        if "bars" in requested:
            message = "must be omitted where bars are replaced: the piece keeps its length"
            raise InvalidParameters.for_field("body.parameters.bars", message)
        resolved |= {n: value for n, value in prompt.settings.items() if n in resolved and n not in requested}
        self._resolve_meter(resolved, requested, prompt)
        per_bar = self._form({**resolved, "bars": 1}).steps * _PER_SIXTEENTH
        after = sum(length for length, _ in prompt.after) // per_bar
        resolved["bars"] = max(prompt.bars + prompt.replaced_bars + after, self._min_bars())
        return resolved

    def _before(self, part: Part, prompt: Prompt, parameters: Mapping[str, Value]) -> Part:
        """Return a part whose bars are followed by those after the replaced ones."""
        form = self._form(parameters)
        start = (prompt.bars + prompt.replaced_bars) * form.meter.bar * self._units
        after = _encode(_transposed(prompt.after, prompt.shift), self._vocabularies["melody"], form.steps)
        return replace(part, ending=None, after=after, after_start=start)

    def _form(self, parameters: Mapping[str, Value]) -> Form:
        """Return the form of what the networks compose; of a piece in two-part form, each section once."""
        style, meter = (str(parameters[name]) if name in parameters else None for name in ("style", "meter"))
        bars = COMPOSED_BARS if parameters.get("form") == TWO_PART else int(parameters["bars"])
        return self.manifest.form(bars, style, meter)

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

    def _composed_track(self, number: int, events: Array, parameters: Mapping[str, Value]) -> QuantizedTrack | None:
        """Return a part of the piece as it is played, from the events of all parts; None for one without events."""
        tokens = events[events[:, 0] == number][:, 1:].astype(np.int64)
        if not len(tokens):
            return None
        track = self._decode_track(PARTS[number], tokens)
        end = self._form(parameters).steps * self._units
        track = track.window(0, min(track.end, end))
        return with_repeats(track, end // 2) if parameters.get("form") == TWO_PART else track

    def _part(
        self,
        name: PartName,
        parameters: Mapping[str, Value],
        prompt: Prompt | None,
        given: Rows,
    ) -> Part:
        graph, vocabularies = self._graphs[name], self._vocabularies[name]
        form = replace(self._form(parameters), mode=_mode(self._key(parameters, prompt)))
        features = [info.column for info in graph.conditions]
        is_melody_composed = prompt is None or parameters.get("accompaniment") != "only"
        given_melody = None if prompt is None or is_melody_composed else self._melody_of(prompt)

        def melody(previous: Sequence[Tokens]) -> QuantizedTrack:
            return self._decode_track("melody", previous[0]) if given_melody is None else given_melody

        def conditioning(previous: Sequence[Tokens]) -> Tokens:
            needs_melody = any(feature.name == "melody" for feature in features)
            table = conditioning_table(features, form, melody(previous).to_sixteenths() if needs_melody else None)
            is_two_part = parameters.get("form") == TWO_PART
            return two_part_conditions(table, features, form.steps // 2) if is_two_part else table

        sampling = sampling_params(parameters)
        beam_search = sampling.beam_width > 1
        key, white_keys = str(parameters.get("key", ANY_KEY)), self.manifest.tonality == "white"
        scale = scale_of(key, white_keys=white_keys)
        timed = self._has_durations
        return Part(
            network=PARTS.index(name),
            steps=round(form.steps * _MAX_EVENTS_PER_SIXTEENTH) if timed else form.steps,
            end=form.steps * self._units,
            allowed=np.concatenate([allowed(one, scale) for one in vocabularies]),
            allowed_first=np.concatenate([allowed_first(one, beam_search=beam_search) for one in vocabularies]),
            penalty_exempt=np.concatenate([penalty_exempt(one) for one in vocabularies]),
            prompt=_encode(given, vocabularies, form.steps),
            sampling=sampling,
            conditioning=conditioning if features else None,
            durations=token_durations(vocabularies[-1]) if timed else None,
            units_per_grid_step=self._units,
            onset_tokens=None if timed else np.array([token != HOLD for token in vocabularies[0].words]),
            ending=self._ending(name, parameters, prompt, melody),
            logit_bias=np.concatenate([key_bias(one, key, _KEY_BIAS, white_keys=white_keys) for one in vocabularies]),
        )

    def _ending(
        self, name: PartName, parameters: Mapping[str, Value], prompt: Prompt | None, melody: MelodyOf
    ) -> Ending | None:
        """Return the search for a part's ending, if there is one."""
        form, key = self._form(parameters), self._key(parameters, prompt)
        ending = str(parameters.get("ending", OFF))
        shares = ending_shares(self.manifest.name, ending, is_key_known=key is not None)
        if shares is None:
            return None
        tonic = None if key is None else (pitch_class(key.tonic) - self._transposition(parameters, prompt)) % 12
        is_white = self.manifest.tonality == "white"
        beat = round(form.meter.beat_quarters * SIXTEENTHS) * self._units
        frame = Frame(form.steps * self._units, form.meter.bar * self._units, beat, tonic, is_white)
        vocabularies = self._vocabularies[name]
        part = TokenPart(
            decode=lambda tokens: self._decode_track(name, tokens),
            on_pitch_class=lambda tonic: np.concatenate([sounds_on(one, tonic) for one in vocabularies]),
        )
        return (
            melody_ending(part, frame, shares)
            if name == "melody"
            else accompaniment_ending(part, melody, frame, shares)
        )


def _check_sampling(resolved: Mapping[str, Value]) -> None:
    """Raise InvalidParameters for sampling parameters that contradict each other."""
    if resolved.get("strategy") == "beam" and int(resolved["beam_width"]) % int(resolved["beam_groups"]):
        message = f"must divide beam_width, which is {resolved['beam_width']}"
        raise InvalidParameters.for_field("body.parameters.beam_groups", message)
    if resolved.get("no_repeat_ngram") == 1:
        message = "must be 0 (off) or at least 2: with 1, no note could occur twice"
        raise InvalidParameters.for_field("body.parameters.no_repeat_ngram", message)


def _mode(key: KeySignature | None) -> int:
    """Return the mode of a key, as networks with the condition `mode` know it."""
    if key is None:
        return UNKNOWN_MODE
    return MINOR if key.is_minor else MAJOR


def _encode(rows: Rows, vocabularies: Sequence[Vocabulary], sixteenths: int) -> Tokens:
    """Return the tokens [steps, streams] of given notes; those that are held beyond the piece's end are cut."""
    if not rows:
        return np.zeros((0, len(vocabularies)), np.int64)
    track = QuantizedTrack.from_rows(rows, FINE)
    streams = prompt_tokens(track.window(0, min(track.end, sixteenths * _PER_SIXTEENTH)), vocabularies)
    return np.stack([one.encode(each)[0] for one, each in zip(vocabularies, streams, strict=True)], axis=1)


def _transposed(rows: Rows, semitones: int) -> Rows:
    return tuple((length, tuple(pitch + semitones for pitch in pitches)) for length, pitches in rows)


def _instruments(prompt: Prompt) -> dict[str, str]:
    names = ("melody_instrument", "accompaniment_instrument")[: 1 + prompt.given.has_accompaniment]
    return {name: PROGRAMS[track[0]] for name, track in zip(names, prompt.given.tracks, strict=False)}


def sampling_params(parameters: Mapping[str, Value]) -> SamplingParams:
    """Return the sampling parameters for the parameters of euterpe_music.melody_parameters."""
    names = {
        "temperature", "top_k", "top_p", "repetition_penalty", "repetition_window", "no_repeat_ngram",
        "beam_width", "length_penalty", "beam_groups", "beam_diversity",
    }  # fmt: skip
    values: dict[str, Any] = {name: parameters[name] for name in names if name in parameters}
    if parameters.get("strategy") == "greedy":
        values["top_k"] = 1
    return SamplingParams(**values)
