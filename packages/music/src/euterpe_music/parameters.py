"""What a listener may set of a model: described in its manifest, checked the same way for every model."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: What a parameter may be set to.
Value = bool | int | float | str

#: Parameters that are applied to the finished piece, after any network; see euterpe_music.postprocessing.
POST: Final = frozenset({"tempo", "transpose", "instrument", "melody_instrument", "accompaniment_instrument"})


class ParameterError(ValueError):
    """A value that cannot be; `name` is the parameter, `limits` what would be right."""

    def __init__(self, name: str, message: str, limits: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.name = name
        self.limits = dict(limits)


class Parameter(BaseModel):
    """One thing that a listener may set.

    `minimum` and `maximum` belong to `int` and `number`, `choices` to `choice`. `post` says that it acts on the
    finished piece and not on the network. `excludes` names parameters of which only one can differ from its default;
    `only_with` names another parameter and the values of that one for which this one means something.
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

    @model_validator(mode="after")
    def _whole(self) -> Self:
        ranged = self.kind in ("int", "number")
        if ranged != (self.minimum is not None and self.maximum is not None):
            raise ValueError(f"{self.name}: a minimum and a maximum belong to int and number, and to these always")
        if (self.kind == "choice") != bool(self.choices) or len(set(self.choices)) != len(self.choices):
            raise ValueError(f"{self.name}: choices, each of them once, belong to choice, and to it always")
        if self.post != (self.name in POST):
            raise ValueError(f"{self.name}: post is true for {', '.join(sorted(POST))}, and false for all others")
        try:
            self.check(self.default)
        except ParameterError as error:
            raise ValueError(f"{self.name}: the default {error}") from error
        return self

    @property
    def limits(self) -> dict[str, Any]:
        """What a value has to keep to, in plain values."""
        if self.kind == "choice":
            return {"choices": list(self.choices)}
        if self.kind == "boolean":
            return {"choices": [False, True]}
        cast = int if self.kind == "int" else float
        return {"minimum": cast(self.minimum or 0), "maximum": cast(self.maximum or 0)}

    def check(self, value: Any) -> Value:
        """The value in this parameter's own type; raises ParameterError when it cannot be."""
        if self.kind == "boolean":
            if not isinstance(value, bool):
                raise self._wrong(f"must be true or false, not {_shown(value)}")
            return value
        if self.kind == "choice":
            if not (isinstance(value, str) and value in self.choices):
                raise self._wrong(f"must be one of {', '.join(self.choices)}, not {_shown(value)}")
            return value
        return self._check_number(value)

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
    """All parameters that mean something together, those that are not given at their defaults.

    Raises ParameterError for an unknown name, a value that cannot be, and names that cannot be set together.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "this model has none"
            raise ParameterError(name, f"there is no such parameter; {there}", {"parameters": list(known)})
    values = {name: known[name].check(given[name]) if name in given else known[name].default for name in known}
    # What is set to its default changes nothing, so a list of all values, as answers have it, is a request, too.
    changed = {name for name in given if values[name] != known[name].default}
    for name in given:
        for other in known[name].excludes:
            if {name, other} <= changed:
                raise ParameterError(name, f"cannot be set together with {other}", {"excludes": [other]})
    # A parameter without meaning is left out, and with it those that depend on it; so the order of all must not matter.
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
