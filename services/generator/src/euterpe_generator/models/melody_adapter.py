"""Melody networks: from settings and a prompt to the engine's plan, and from tokens back to a piece."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import IntRange
from euterpe_music.measures import SCALES
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
from euterpe_music.tokens.vocabulary import Vocabulary, duration

from euterpe_generator.domain.generation import Prompt
from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import Choosing, Part, Plan, Tokens
from euterpe_generator.models.adapters import wrong
from euterpe_generator.models.prompts import coarse, prompt_words, read_prompt

#: The parts of a piece, in the order in which they are composed and numbered.
PARTS: Final[tuple[Literal["melody", "accompaniment"], ...]] = ("melody", "accompaniment")
#: Fine steps per sixteenth.
_PER_SIXTEENTH = FINE // SIXTEENTHS
#: A part in two streams may have so many events per sixteenth of its time; a grid of sixteenths has one.
_MOST_EVENTS = 1.5


class MelodyFamily:
    """Networks of tokens; see Family."""

    kind = "melody"
    length: IntRange | None = None

    def __init__(self, bundle: MelodyBundle) -> None:
        self.manifest = bundle.manifest
        self._graphs = bundle.manifest.graphs
        self._words = bundle.vocabularies
        self._timed = bundle.manifest.encoding == 2
        self.features = 1 + len(self._words["melody"])
        bars = int(max(one.limits["maximum"] for one in self.manifest.sampling.parameters if one.name == "bars"))
        widest = max(meter.bar for meter in METERS)
        #: The most steps that a piece takes.
        self.longest = len(self._graphs) * round(bars * widest * (_MOST_EVENTS if self._timed else 1))

    def prepare(
        self, settings: Mapping[str, Value], given: Mapping[str, Any], prompt: Prompt | None
    ) -> dict[str, Value]:
        """See Family: a melody that is only accompanied says how long the piece is, and every prompt in which meter."""
        prepared = dict(settings)
        if prepared.get("strategy") == "beam" and int(prepared["beam_width"]) % int(prepared["beam_groups"]):
            message = f"must divide beam_width, which is {prepared['beam_width']}"
            raise wrong("body.parameters.beam_groups", message)
        only = prepared.get("accompaniment") == "only"
        if prompt is None:
            if only:
                raise wrong("body.prompt", "a melody is needed, because accompaniment is only")
            return prepared
        if "meter" in prepared and "meter" not in given:
            prepared["meter"] = prompt.meter
        fitting = self._styles_in(prompt.meter)
        if "meter" not in prepared and "style" in prepared and "style" not in given and fitting:
            # Of the styles in the prompt's meter; the one that is the default, if it is among them.
            prepared["style"] = prepared["style"] if prepared["style"] in fitting else fitting[0]
        form = self._form(prepared)
        if str(form.meter) != prompt.meter:
            remedy = f"set style to {' or '.join(fitting)}" if fitting else "choose another model or another prompt"
            remedy = "set parameters.meter" if "meter" in prepared else remedy
            message = f"the prompt is in {prompt.meter}, but the piece is in {form.meter}; {remedy}"
            raise wrong("body.prompt", message, meter=str(form.meter))
        if only and "bars" not in given:
            prepared["bars"] = prompt.bars
        if not only and prompt.bars >= int(prepared["bars"]):
            message = f"must be more than the {prompt.bars} bars of the prompt, or nothing is left to compose"
            raise wrong("body.parameters.bars", message, minimum=prompt.bars + 1)
        return prepared

    def steps(self, length: int | None, settings: Mapping[str, Value], prompt: Prompt | None) -> int:
        """See Family."""
        if length is not None:
            raise wrong("body.length", "pieces of this model are as long as parameters.bars says")
        return self.given(settings, prompt).steps

    def given(self, settings: Mapping[str, Value], prompt: Prompt | None) -> Plan:
        """See Family."""
        accompaniment = settings.get("accompaniment", "off")
        if accompaniment == "only" and prompt is not None:
            known = self._known(prompt)
            return Plan((self._part("accompaniment", settings, None, known),), done=(np.zeros((0, 1), np.int64),))
        parts = [self._part("melody", settings, prompt, None)]
        if accompaniment == "on" and "accompaniment" in self._graphs:
            parts.append(self._part("accompaniment", settings, None, None))
        return Plan(tuple(parts))

    def read_prompt(self, midi: bytes, bars: int | None, settings: Mapping[str, Value]) -> Prompt:
        """See Family."""
        most = self.manifest.prompt_bars
        if settings.get("accompaniment") == "only":
            most = int(next(one.limits["maximum"] for one in self.manifest.sampling.parameters if one.name == "bars"))
        elif bars is not None and bars > most:
            raise wrong("body.prompt.bars", f"must be between 1 and {most}, not {bars}", minimum=1, maximum=most)
        white = self.manifest.tonality == "white"
        return read_prompt(midi, min(bars or most, most), self._words["melody"], white_keys=white)

    def decode(self, events: Array, settings: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """See Family. Of two parts, the melody is the first track."""
        events = events[~np.isnan(events[:, 0])]
        end = self._form(settings).steps * (_PER_SIXTEENTH if self._timed else 1)
        slices = []
        for number, name in enumerate(PARTS):
            tokens = events[events[:, 0] == number][:, 1:].astype(np.int64)
            slices.append(self._slices(name, tokens).window(0, end) if len(tokens) else None)
        melody, accompaniment = slices
        if settings.get("accompaniment") == "only" and prompt is not None:
            melody = self._known(prompt)
        if melody is None:
            melody = QuantizedTrack((), (), (), 0)
        piece = apply_postprocessing(
            to_piece(melody, accompaniment, bpm=self.manifest.bpm), {"transpose": self._moved(settings, prompt)}
        )
        return apply_postprocessing(piece, settings)

    def _form(self, settings: Mapping[str, Value]) -> Form:
        named = {name: str(settings[name]) for name in ("style", "meter") if name in settings}
        return self.manifest.form(int(settings["bars"]), **named)

    def _styles_in(self, meter: str) -> list[str]:
        """The styles that are in this meter where nothing else is set."""
        manifest = self.manifest
        return [style for style in manifest.styles if str(manifest.form(1, style).meter) == meter]

    def _moved(self, settings: Mapping[str, Value], prompt: Prompt | None) -> int:
        """Semitones from the key in which the networks compose to the one that is wanted."""
        if self.manifest.tonality != "white":
            return 0
        key = str(settings.get("key", "any"))
        if key != "any":
            return key_shift(key)
        return 0 if prompt is None else -prompt.shift

    def _known(self, prompt: Prompt) -> QuantizedTrack:
        return QuantizedTrack.from_rows(prompt.rows, FINE).transposed(prompt.shift)

    def _slices(self, name: str, tokens: Tokens) -> QuantizedTrack:
        words = [one.decode(column.tolist()) for one, column in zip(self._words[name], tokens.T, strict=True)]
        return decode_streams(words[0], words[1]) if self._timed else decode_steps(words[0])

    def _part(
        self, name: Any, settings: Mapping[str, Value], prompt: Prompt | None, known: QuantizedTrack | None
    ) -> Part:
        graph, vocabularies = self._graphs[name], self._words[name]
        form = self._form(settings)
        columns = [info.column for info in graph.conditions]

        def conditions(before: Sequence[Tokens]) -> Tokens:
            melody = None
            if any(column.name == "melody" for column in columns):
                melody = coarse(self._slices("melody", before[0]) if known is None else known)
            return conditioning_table(columns, form, melody)

        exempt = np.concatenate([_exempt(one) for one in vocabularies])
        chosen = choosing(settings)
        opening = np.concatenate([_opening(one, searched=chosen.beam_width > 1) for one in vocabularies])
        scale = _scale(str(settings.get("key", "any")), white=self.manifest.tonality == "white")
        return Part(
            network=PARTS.index(name),
            steps=round(form.steps * _MOST_EVENTS) if self._timed else form.steps,
            end=form.steps * (_PER_SIXTEENTH if self._timed else 1),
            legal=np.concatenate([_legal(one, scale) for one in vocabularies]),
            opening=opening,
            exempt=exempt,
            given=np.zeros((0, len(vocabularies)), np.int64) if prompt is None else self._tokens(prompt, vocabularies),
            choosing=chosen,
            conditions=conditions if columns else None,
            durations=_durations(vocabularies[-1]) if self._timed else None,
            unit=_PER_SIXTEENTH if self._timed else 1,
            begins=None if self._timed else np.array([word != HOLD for word in vocabularies[0].words]),
        )

    def _tokens(self, prompt: Prompt, vocabularies: Sequence[Vocabulary]) -> Tokens:
        words = prompt_words(self._known(prompt), vocabularies)
        return np.stack([one.encode(each)[0] for one, each in zip(vocabularies, words, strict=True)], axis=1)


def choosing(settings: Mapping[str, Value]) -> Choosing:
    """How tokens are chosen under the parameters of euterpe_music.melody_parameters."""
    names = {
        "temperature", "top_k", "top_p", "repetition_penalty", "repetition_window",
        "beam_width", "length_penalty", "beam_groups", "beam_diversity",
    }  # fmt: skip
    chosen: dict[str, Any] = {name: settings[name] for name in names if name in settings}
    if settings.get("strategy") == "greedy":
        chosen["top_k"] = 1
    return Choosing(**chosen)


def _opening(vocabulary: Vocabulary, *, searched: bool) -> Mask:
    """What may come first. A search begins with a note: likelier than any music would be to rest all the time."""
    legal = vocabulary.legal(None)
    if searched:
        legal[vocabulary.rest] = False
    return legal


def _scale(key: str, *, white: bool) -> frozenset[int]:
    """The pitch classes that may be composed."""
    tonic, _, mode = key.partition(" ")
    if key == "any":
        return frozenset(range(12))
    steps = SCALES["major" if mode == "major" else "natural minor"]
    root = key_shift(f"{tonic} major") % 12
    shift = -key_shift(key) if white else 0
    return frozenset((root + step + shift) % 12 for step in steps)


def _legal(vocabulary: Vocabulary, scale: frozenset[int]) -> Mask:
    legal = np.ones(len(vocabulary), np.bool_)
    for number, word in enumerate(vocabulary.words):
        if number < 2:
            legal[number] = False
        elif vocabulary.stream == "durations":
            legal[number] = duration(word) > 0
        elif word[0].isdigit():
            legal[number] = all(int(part) % 12 in scale for part in word.split("."))
    return legal


def _exempt(vocabulary: Vocabulary) -> Mask:
    """What repeats by its nature: holding, rests, and all durations."""
    if vocabulary.stream == "durations":
        return np.ones(len(vocabulary), np.bool_)
    return np.array([word == HOLD or not word[0].isdigit() for word in vocabulary.words])


def _durations(vocabulary: Vocabulary) -> Tokens:
    return np.array([round(duration(word) * FINE) for word in vocabulary.words], np.int64)
