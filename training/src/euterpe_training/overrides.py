"""Settings given as text: the `--set NAME=VALUE` options of every family."""

from collections.abc import Iterable, Mapping
from typing import Any

from euterpe_training.errors import TrainingError


def parse_overrides(assignments: Iterable[str], current: Mapping[str, Any]) -> dict[str, Any]:
    """Parse assignments such as "batch_size=32" into values by setting, later ones last.

    A value takes the type of its setting in `current`: text, integer, number (also where the current value is None) or
    `true`/`false`. Raise TrainingError for an unknown setting or a value of another type.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise TrainingError(f"{assignment!r} is not an assignment; write NAME=VALUE")
        if name not in current:
            raise TrainingError(f"there is no setting {name!r}; the settings are: {', '.join(sorted(current))}")
        values.pop(name, None)
        values[name] = _parse(name, text, current[name])
    return values


def _parse(name: str, text: str, current: Any) -> Any:
    if isinstance(current, str):
        return text
    if isinstance(current, bool):
        if text.lower() not in ("true", "false"):
            raise TrainingError(f"{name} must be true or false, got {text!r}")
        return text.lower() == "true"
    try:
        return int(text) if isinstance(current, int) else float(text)
    except ValueError as error:
        kind = "an integer" if isinstance(current, int) else "a number"
        raise TrainingError(f"{name} must be {kind}, got {text!r}") from error
