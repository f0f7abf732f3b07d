"""Parameters of melody networks, for their manifests."""

from collections.abc import Sequence
from typing import Any, Final

from euterpe_music import key
from euterpe_music.parameters import Parameter
from euterpe_music.postprocessing import PROGRAMS

#: Sampling strategies. A new one also needs an entry in the generator's `models/melody_adapter.py`, which maps them to
#: samplers, and in the web pages' `compare-texts.ts`, which names them.
STRATEGIES: Final = ("greedy", "temperature", "top_k", "top_p", "top_k_top_p", "beam")
ACCOMPANIMENTS: Final = ("on", "off", "only")
ANY_KEY: Final = "any"
KEYS: Final = (ANY_KEY, *key.KEYS)
#: Measured: at low temperatures, pieces repeat themselves until they never leave a figure.
TEMPERATURE_ADVICE: Final = "Lower is more predictable and repeats itself more; above 1.2 it becomes random."
#: Those that sample, so that the seed matters.
RANDOM_STRATEGIES: Final = ("temperature", "top_k", "top_p", "top_k_top_p")


def melody_parameters(
    *,
    bars: tuple[int, int, int] = (2, 16, 64),
    styles: Sequence[str] = (),
    meters: Sequence[str] = (),
    accompanied: bool = True,
    strategy: str = "top_k_top_p",
    temperature: float = 0.9,
    top_k: int = 12,
    top_p: float = 0.95,
    bpm: float = 120.0,
    instruments: tuple[str, str] = (PROGRAMS[0], PROGRAMS[0]),
) -> tuple[Parameter, ...]:
    """Return the parameters of a bundle.

    `bars` is the length: minimum, default and maximum. The other arguments are the choices and defaults.
    """
    return (*_form(bars, styles, meters, accompanied), *_sampling(strategy, temperature, top_k, top_p),
            *_sound(bpm, instruments, accompanied))  # fmt: skip


def _form(
    bars: tuple[int, int, int], styles: Sequence[str], meters: Sequence[str], accompanied: bool
) -> list[Parameter]:
    made = [_int("bars", "Bars", *bars, advice="Length of the piece, including the prompt.")]
    if styles:
        made.append(_choice("style", "Style", styles, advice="Corpus whose style is imitated."))
    if meters:
        made.append(_choice("meter", "Meter", meters, advice="Time signature."))
    made.append(_choice("key", "Key", KEYS, advice="Only notes of this scale are composed; any allows all notes."))
    if accompanied:
        advice = "Chords for the melody; only composes chords for the melody of the prompt, which is kept."
        made.append(_choice("accompaniment", "Accompaniment", ACCOMPANIMENTS, advice=advice))
    return made


def _sampling(strategy: str, temperature: float, top_k: int, top_p: float) -> list[Parameter]:
    ks, ps, beam = ("top_k", "top_k_top_p"), ("top_p", "top_k_top_p"), ("beam",)
    advanced: dict[str, Any] = {"group": "advanced"}
    return [
        _choice(
            "strategy", "Strategy", STRATEGIES, default=strategy,
            advice="How the next note is chosen. Greedy and beam search always give the same piece and tend to loop.",
        ),
        _number("temperature", "Temperature", 0.1, temperature, 2.0, only_with={"strategy": RANDOM_STRATEGIES},
                advice=TEMPERATURE_ADVICE),
        _int("top_k", "Top k", 1, top_k, 200, only_with={"strategy": ks}, **advanced,
             advice="Number of most probable tokens from which the next one is sampled."),
        _number("top_p", "Top p", 0.05, top_p, 1.0, only_with={"strategy": ps}, **advanced,
                advice="The next token is sampled from the most probable ones with this total probability."),
        _number("repetition_penalty", "Repetition penalty", 1.0, 1.0, 2.0, **advanced,
                advice="Above 1, notes that occurred recently become less likely."),
        _int("repetition_window", "Repetition window", 1, 32, 64, **advanced,
             advice="Number of recent steps to which the penalty applies."),
        _int("beam_width", "Beam width", 2, 5, 8, only_with={"strategy": beam}, **advanced,
             advice="Number of continuations kept at every step."),
        _number("length_penalty", "Length penalty", 0.0, 1.0, 2.0, only_with={"strategy": beam}, **advanced,
                advice="Above 1 favours more and shorter notes, below 1 fewer and longer notes."),
        _int("beam_groups", "Beam groups", 1, 1, 4, only_with={"strategy": beam}, **advanced,
             advice="Groups of beams with different tokens; the number must divide the beam width."),
        _number("beam_diversity", "Beam diversity", 0.0, 0.5, 5.0, only_with={"strategy": beam}, **advanced,
                advice="Strength of the penalty for tokens of other groups."),
    ]  # fmt: skip


def _sound(bpm: float, instruments: tuple[str, str], accompanied: bool) -> list[Parameter]:
    names = (("melody_instrument", "Melody instrument"), ("accompaniment_instrument", "Accompaniment instrument"))
    chosen = list(zip(names, instruments, strict=True))[: 1 + accompanied]
    return [
        _number("tempo", "Tempo", 40.0, bpm, 240.0, post=True, unit="quarters per minute"),
        *(_choice(name, label, PROGRAMS, default=default, post=True) for (name, label), default in chosen),
    ]


def _int(name: str, label: str, minimum: int, default: int, maximum: int, **more: Any) -> Parameter:
    return Parameter(name=name, label=label, kind="int", minimum=minimum, default=default, maximum=maximum, **more)


def _number(name: str, label: str, minimum: float, default: float, maximum: float, **more: Any) -> Parameter:
    return Parameter(name=name, label=label, kind="number", minimum=minimum, default=default, maximum=maximum, **more)


def _choice(name: str, label: str, choices: Sequence[str], default: str | None = None, **more: Any) -> Parameter:
    first = choices[0] if default is None else default
    return Parameter(name=name, label=label, kind="choice", choices=tuple(choices), default=first, **more)
