"""What a listener wants of a piece, from the command line's options to the body of a request."""

import base64
import uuid
from pathlib import Path
from typing import Any

import typer


def parameters(settings: list[str] | None) -> dict[str, Any]:
    """`name=value` each → values by name; numbers, true and false as such, all else as text."""
    found: dict[str, Any] = {}
    for setting in settings or ():
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{setting!r} is not of the form NAME=VALUE", param_hint="--set")
        found[name.strip()] = _value(text.strip())
    return found


def variants(texts: list[str] | None) -> list[dict[str, Any]]:
    """Each a strategy, or `name=value` separated by commas, e.g. `strategy=top_k,top_k=5`."""
    made = []
    for text in texts or ():
        parts = text.split(",") if "=" in text else [f"strategy={text}"]
        made.append({"label": text, "parameters": parameters(parts)})
    return made


def prompt(source: str | None, bars: int | None) -> dict[str, Any] | None:
    """The prompt of a request: a song's id, or the path of a MIDI file."""
    if source is None:
        if bars is not None:
            raise typer.BadParameter("means nothing without --prompt", param_hint="--prompt-bars")
        return None
    body: dict[str, Any] = {} if bars is None else {"bars": bars}
    try:
        return body | {"song_id": str(uuid.UUID(source))}
    except ValueError:
        pass
    try:
        content = Path(source).read_bytes()
    except OSError as error:
        raise typer.BadParameter(
            f"{source!r} is no song's id, and no file: {error.strerror}", param_hint="--prompt"
        ) from error
    return body | {"midi": base64.b64encode(content).decode()}


def _value(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
