"""Parameters of a model: declared in its manifest, checked the same way for every model."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: The values of parameters.
Value = bool | int | float | str

#: Parameters that are applied to the finished piece, after any network; see euterpe_music.postprocessing.
POST: Final = frozenset({"tempo", "transpose", "instrument", "melody_instrument", "accompaniment_instrument"})

#: Maximum number of characters of a custom text.
MAX_CUSTOM_LENGTH: Final = 4_000


class ParameterError(ValueError):
    """An invalid value; `name` is the parameter, `limits` the allowed values."""

    def __init__(self, name: str, message: str, limits: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.name = name
        self.limits = dict(limits)


class Parameter(BaseModel):
    """One setting of a model.

    `minimum` and `maximum` belong to `int` and `number`, `choices` to `choice`. `post` parameters are applied to the
    finished piece, not to the network. `excludes` names parameters of which only one can differ from its default;
    `only_with` names another parameter and the values of that one for which this one means something.

    A choice may combine up to `max_choices` of its choices, separated by commas; only the default stands alone. With
    `custom` it accepts texts of that form besides its choices, which a model checks. An `optional` parameter has no
    value unless one is given: the model decides.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str = Field(min_length=1, max_length=60)
    kind: Literal["int", "number", "choice", "boolean"]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    default: Value
    advice: str = ""
    group: Literal["basic", "advanced"] = "basic"
    unit: str = ""
    post: bool = False
    excludes: tuple[str, ...] = ()
    only_with: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    max_choices: int = Field(default=1, ge=1)
    custom: Literal["", "chords"] = ""
    optional: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        ranged = self.kind in ("int", "number")
        if ranged != (self.minimum is not None and self.maximum is not None):
            raise ValueError(f"{self.name}: a minimum and a maximum belong to int and number, and to these always")
        if (self.kind == "choice") != bool(self.choices) or len(set(self.choices)) != len(self.choices):
            raise ValueError(f"{self.name}: choices, each of them once, belong to choice, and to it always")
        if self.kind != "choice" and (self.max_choices > 1 or self.custom):
            raise ValueError(f"{self.name}: max_choices and custom belong to choice")
        if self.post != (self.name in POST):
            raise ValueError(f"{self.name}: post is true for {', '.join(sorted(POST))}, and false for all others")
        try:
            self.check(self.default)
        except ParameterError as error:
            raise ValueError(f"{self.name}: the default {error}") from error
        return self

    @property
    def limits(self) -> dict[str, Any]:
        """The allowed values, in plain types for JSON."""
        if self.kind == "choice":
            several = {"max_choices": self.max_choices} if self.max_choices > 1 else {}
            return {"choices": list(self.choices), **several}
        if self.kind == "boolean":
            return {"choices": [False, True]}
        cast = int if self.kind == "int" else float
        return {"minimum": cast(self.minimum or 0), "maximum": cast(self.maximum or 0)}

    def check(self, value: Any) -> Value:
        """Return the value in this parameter's own type; raises ParameterError for an invalid one."""
        if self.kind == "boolean":
            if not isinstance(value, bool):
                raise self._wrong(f"must be true or false, not {_shown(value)}")
            return value
        if self.kind == "choice":
            return self._check_choice(value)
        return self._check_number(value)

    def _check_choice(self, value: Any) -> Value:
        if isinstance(value, str):
            if value in self.choices:
                return value
            if self.custom:
                return self._check_custom(value)
            if self.max_choices > 1:
                return self._check_several(value)
        raise self._wrong(f"must be one of {', '.join(self.choices)}, not {_shown(value)}")

    def _check_several(self, value: str) -> Value:
        names = [" ".join(name.split()) for name in value.split(",")]
        allowed = [choice for choice in self.choices if choice != self.default]
        if unknown := [name for name in names if name not in allowed]:
            raise self._wrong(f"must be one or more of {', '.join(allowed)}, not {_shown(unknown[0])}")
        if len(names) > self.max_choices:
            raise self._wrong(f"must be at most {self.max_choices} of its choices, got {len(names)}")
        return ", ".join(names)

    def _check_custom(self, value: str) -> Value:
        if len(value) > MAX_CUSTOM_LENGTH:
            raise self._wrong(f"must have at most {MAX_CUSTOM_LENGTH} characters, got {len(value)}")
        return " ".join(value.split())

    def _check_number(self, value: Any) -> Value:
        name = "a whole number" if self.kind == "int" else "a number"
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if not numeric or not _finite(value) or (self.kind == "int" and value != int(value)):
            raise self._wrong(f"must be {name}, not {_shown(value)}")
        low, high = self.limits["minimum"], self.limits["maximum"]
        if not low <= value <= high:
            raise self._wrong(f"must be between {low:g} and {high:g}, not {_shown(value)}")
        return int(value) if self.kind == "int" else float(value)

    def _wrong(self, message: str) -> ParameterError:
        return ParameterError(self.name, message, self.limits)


def check_parameters(given: Mapping[str, Any], parameters: Sequence[Parameter]) -> dict[str, Value]:
    """Return the values of all parameters in effect; those that are not given have their defaults.

    Raises ParameterError for an unknown name, an invalid value, and names that exclude each other.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            there = f"parameters are {', '.join(known)}" if known else "this model has none"
            raise ParameterError(name, f"unknown parameter; {there}", {"parameters": list(known)})
    values = {
        name: one.check(given[name]) if name in given else one.default
        for name, one in known.items()
        if name in given or not one.optional
    }
    # A value equal to the default changes nothing, so that the complete list of an answer is a valid request.
    changed = {name for name in given if values[name] != known[name].default}
    for name in given:
        for other in known[name].excludes:
            if {name, other} <= changed:
                raise ParameterError(name, f"cannot be set together with {other}", {"excludes": [other]})
    # A parameter that is not in effect is left out, and with it those that depend on it, in any order.
    while idle := [name for name in values if not _applies(known[name], values)]:
        for name in idle:
            if name in given:
                raise ParameterError(name, *_needs(known[name], values))
            del values[name]
    return values


def _applies(parameter: Parameter, values: Mapping[str, Value]) -> bool:
    return all(values.get(other) in wanted for other, wanted in parameter.only_with.items())


def _needs(parameter: Parameter, values: Mapping[str, Value]) -> tuple[str, dict[str, Any]]:
    other, wanted = next((name, some) for name, some in parameter.only_with.items() if values.get(name) not in some)
    needed = " or ".join(_shown(value) for value in wanted)
    now = _shown(values[other]) if other in values else "not in use"
    message = f"can be set only where {other} is {needed}; it is {now}"
    return message, {"only_with": {other: list(wanted)}}


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, int | float) else str(value) if isinstance(value, str) else "that"
    return text if len(text) <= 60 else f"{text[:57]}..."
