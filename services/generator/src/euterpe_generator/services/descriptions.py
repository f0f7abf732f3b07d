"""Turns a description in words into a generation request: the model that fits best, and its parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from euterpe_music.descriptions import Description, Facet, interpret
from euterpe_music.note_events.instruments import INSTRUMENTS, instrument_of_program
from euterpe_music.parameters import Parameter, ParameterError, Value
from euterpe_music.postprocessing import program_number

from euterpe_generator.models.catalogue import Catalogue, Model

#: How much it counts that a model can follow a facet, when models are compared.
_WEIGHTS: Final[Mapping[Facet, int]] = {"style": 8, "instrument": 3, "key": 2, "meter": 2, "mode": 1, "density": 1}
#: Kinds of music that are models of their own rather than choices of a parameter.
_MODEL_STYLES: Final = {"folk": "folk", "pop": "pop", "jazz": "jazz", "classical": "classical"}
_DENSITIES: Final = {"low": ("low", "sparse"), "high": ("high", "dense")}
#: Values of the parameters that mean safe and adventurous, as shares of the way from the default to the limits.
_ADVENTURE: Final = {"low": -0.4, "high": 0.6}
#: The General MIDI program of "strings".
_STRINGS: Final = 48
_FLAT_KEYS: Final = {"Db minor": "C# minor", "Gb major": "F# major", "Ab minor": "G# minor"}


@dataclass(frozen=True, slots=True)
class Applied:
    """A part of the description, and the fields of the request that it sets: `model`, `length` or parameters."""

    text: str
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The request, what was understood, what the model cannot follow, and words that were not understood."""

    model: Model
    length: int | None
    parameters: Mapping[str, Value]
    applied: tuple[Applied, ...]
    unsupported: tuple[str, ...]
    unknown: tuple[str, ...]


def interpret_description(text: str, catalogue: Catalogue, requested: str | None = None) -> Interpretation:
    """Return the generation request that fits a description best, for any model or for the requested one.

    Raises Unavailable if no model is loaded, and InvalidParameters for an unknown model.
    """
    default = catalogue.default
    names = {model.name: catalogue.resolve(model.name) for model in catalogue.models}
    description = interpret(text, _style_names(list(names.values())))
    if requested is not None:
        return _apply(catalogue.resolve(requested), description)
    best = max(names.values(), key=lambda model: (_score(model, description), model is default))
    return _apply(best, description)


def _style_names(models: Sequence[Model]) -> dict[str, str]:
    """Return the last parts of all choices of style, such as the names of composers."""
    styles = [parameter for model in models if (parameter := _parameter(model, "style")) is not None]
    choices = [str(choice) for parameter in styles for choice in parameter.choices if choice != "any"]
    return {choice.rpartition("/")[2].replace("_", " "): choice.rpartition("/")[2] for choice in choices}


def _score(model: Model, description: Description) -> int:
    score = 0
    for part in description.understood:
        followed = _fields_of(model, description, part.facets)
        score += sum(_WEIGHTS.get(facet, 0) for facet in part.facets if followed.get(facet))
    return score


def _apply(model: Model, description: Description) -> Interpretation:
    fields: dict[str, Value] = {}
    applied: list[Applied] = []
    unsupported: list[str] = []
    for part in description.understood:
        own: dict[str, Value] = {}
        for changes in _fields_of(model, description, part.facets).values():
            own |= changes or {}
        if own:
            applied.append(Applied(part.text, own))
            fields |= own
        else:
            unsupported.append(part.text)
    length = fields.pop("length", None)
    fields.pop("model", None)
    return Interpretation(
        model=model,
        length=None if length is None else int(length),
        parameters=fields,
        applied=tuple(applied),
        unsupported=tuple(unsupported),
        unknown=description.unknown,
    )


def _fields_of(
    model: Model, description: Description, facets: Mapping[Facet, Any]
) -> dict[Facet, dict[str, Value] | None]:
    """Return what each facet sets; None for those that the model cannot follow."""
    return {facet: _field(model, description, facet, value) for facet, value in facets.items()}


def _field(model: Model, description: Description, facet: Facet, value: Any) -> dict[str, Value] | None:
    if facet in ("style", "adventure"):
        return (_style if facet == "style" else _adventure)(model, value)
    if facet in ("instrument", "mode"):
        return (_instrument if facet == "instrument" else _mode)(model, description, value)
    if facet == "bars":
        return _length(model, bars=value)
    if facet == "seconds":
        if model.length is None and _parameter(model, "bars") is not None:
            return _clamped(model, "bars", value / _seconds_per_bar(model, description))
        return _length(model, seconds=value * _tempo_factor(model, description))
    if facet == "tempo":
        return _clamped(model, "tempo", value)
    if facet == "key":
        return _checked(model, "key", value) or _checked(model, "key", _FLAT_KEYS.get(value, value))
    if facet == "density":
        choices = [choice for name in _DENSITIES[value] if (choice := _checked(model, "density", name))]
        return choices[0] if choices else None
    return _checked(model, facet, value)


def _mode(model: Model, description: Description, value: str) -> dict[str, Value] | None:
    """Return the usual key of a mode; a key that is stated says more."""
    if description.value("key"):
        return {}
    return _checked(model, "key", "A minor" if value == "minor" else "C major")


def _parameter(model: Model, name: str) -> Parameter | None:
    return next((parameter for parameter in model.sampling.parameters if parameter.name == name), None)


def _checked(model: Model, name: str, value: Value) -> dict[str, Value] | None:
    parameter = _parameter(model, name)
    if parameter is None:
        return None
    try:
        return {name: parameter.check(value)}
    except ParameterError:
        return None


def _clamped(model: Model, name: str, value: float) -> dict[str, Value] | None:
    parameter = _parameter(model, name)
    if parameter is None or parameter.minimum is None or parameter.maximum is None:
        return None
    clamped = min(parameter.maximum, max(parameter.minimum, value))
    return {name: parameter.check(round(clamped) if parameter.kind == "int" else clamped)}


def _style(model: Model, value: str) -> dict[str, Value] | None:
    parameter = _parameter(model, "style")
    for choice in parameter.choices if parameter else ():
        if _singular(str(choice).rpartition("/")[2]) == _singular(value):
            return {"style": choice}
    is_own = _MODEL_STYLES.get(value, "") and _MODEL_STYLES[value] in model.name
    return {"model": model.name} if is_own else None


def _singular(style: str) -> str:
    """Return a style's name in lower case and without a plural: models call waltzes `waltz` or `waltzes`."""
    name = style.lower()
    return name.removesuffix("es") if name.endswith(("zes", "ches")) else name.removesuffix("s")


def _instrument(model: Model, description: Description, value: str) -> dict[str, Value] | None:
    """Return the instrument's parameter; the first instrument plays the melody, the second the accompaniment."""
    if _parameter(model, "parts") is not None:
        parts = [part for name in dict.fromkeys(description.instruments) for part in _parts(name)]
        return _checked(model, "parts", ", ".join(parts))
    place = description.instruments.index(value)
    if _parameter(model, "melody_instrument") is None:
        return _checked(model, "instrument", value) if place == 0 else None
    names: tuple[str, ...] = ("melody_instrument", "accompaniment_instrument")
    if place >= len(names):
        return None
    # A single instrument plays both.
    names = names if len(description.instruments) == 1 else names[place : place + 1]
    checked = [_checked(model, name, value) for name in names]
    return None if None in checked else {name: value for one in checked for name, value in (one or {}).items()}


def _parts(instrument: str) -> tuple[str, ...]:
    """Return the parts of an ensemble that an instrument stands for; strings are a quartet."""
    if instrument == "drum kit":
        return ("drums",)
    program = program_number(instrument)
    if program == _STRINGS:
        return ("violin", "violin", "viola", "cello")
    number = instrument_of_program(program)
    return (instrument,) if number is None else (INSTRUMENTS[number].name,)


def _tempo_factor(model: Model, description: Description) -> float:
    """Return how much more music fits into a time at the described tempo than at the default one."""
    parameter, tempo = _parameter(model, "tempo"), description.value("tempo")
    clamped = _clamped(model, "tempo", tempo) if tempo else None
    return float(clamped["tempo"]) / float(parameter.default) if parameter and clamped else 1.0


def _seconds_per_bar(model: Model, description: Description) -> float:
    """Return how long a bar lasts with all that is described besides the length."""
    parameters: dict[str, Value] = {}
    for part in description.understood:
        if not {"bars", "seconds"} & part.facets.keys():
            for changes in _fields_of(model, description, part.facets).values():
                parameters |= changes or {}
    parameters.pop("model", None)
    estimate = model.adapter.estimate(0, model.sampling.check(parameters))
    return estimate.seconds / estimate.bars


def _length(model: Model, *, seconds: float | None = None, bars: float | None = None) -> dict[str, Value] | None:
    estimate = model.default_estimate
    factor = bars / estimate.bars if bars is not None else (seconds or 0) / estimate.seconds
    if (limits := model.length) is not None:
        return {"length": max(limits.min, min(limits.max, round(limits.default * factor)))}
    parameter = _parameter(model, "bars")
    return None if parameter is None else _clamped(model, "bars", float(parameter.default) * factor)


def _adventure(model: Model, value: str) -> dict[str, Value] | None:
    name = "temperature" if _parameter(model, "temperature") else "noise_scale"
    parameter = _parameter(model, name)
    if parameter is None or parameter.minimum is None or parameter.maximum is None:
        return None
    share, default = _ADVENTURE[value], float(parameter.default)
    limit = parameter.maximum if share > 0 else parameter.minimum
    return _clamped(model, name, round(default + abs(share) * (limit - default), 2))
