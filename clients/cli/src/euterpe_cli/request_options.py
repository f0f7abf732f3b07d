"""Command line options as the fields of a request."""

import base64
import math
import os
import re
import uuid
from pathlib import Path

import typer
from euterpe_client import models

Value = bool | int | float | str

#: Protects against devices and wrong files; the server's own limit is lower.
_MAX_PROMPT_BYTES = 10_000_000


def locale_language() -> str | None:
    """Return `es` where the locale of messages is Spanish; None for all others, which means the server's default."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "es" if re.match(r"es([_.@]|$)", locale) else None


def parse_parameters(settings: list[str] | None) -> dict[str, Value]:
    """Parse `NAME=VALUE` options. Raises BadParameter for other forms and for numbers that are not finite."""
    parameters: dict[str, Value] = {}
    for setting in settings or ():
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not (name and equals):
            raise typer.BadParameter(f"{setting!r} does not have the form NAME=VALUE", param_hint="--set")
        value = _parse_value(text)
        if isinstance(value, float) and not math.isfinite(value):
            raise typer.BadParameter(f"{name} must be a finite number, got {text}", param_hint="--set")
        parameters[name] = value
    return parameters


def parse_variants(texts: list[str] | None) -> list[models.Variant]:
    """Parse variants: a strategy, or `NAME=VALUE` separated by commas, such as `strategy=top_k,top_k=5`."""
    variants: list[models.Variant] = []
    for text in texts or ():
        settings = text.split(",") if "=" in text else [f"strategy={text}"]
        variants.append({"label": text, "parameters": parse_parameters(settings)})
    return variants


def parse_prompt(source: str | None, bars: int | None) -> models.PromptRequest | None:
    """Return the prompt of a request from a song id or the path of a MIDI file."""
    if source is None:
        if bars is not None:
            raise typer.BadParameter("it needs --prompt", param_hint="--prompt-bars")
        return None
    prompt: models.PromptRequest = {} if bars is None else {"bars": bars}
    try:
        return {**prompt, "song_id": str(uuid.UUID(source))}
    except ValueError:
        return {**prompt, "midi": base64.b64encode(_read_prompt(source)).decode()}


def parse_change(
    prompt: models.PromptRequest | None, *, accompany: bool, replace: str | None, tracks: str | None
) -> models.PromptRequest | None:
    """Return a prompt that is accompanied, or of which bars such as `5-8` of tracks such as `1,2` are replaced."""
    if prompt is None and (accompany or replace or tracks):
        raise typer.BadParameter("it needs --prompt", param_hint="--accompany, --replace or --tracks")
    if accompany and replace:
        raise typer.BadParameter("it cannot be combined with --accompany", param_hint="--replace")
    if tracks and not replace:
        raise typer.BadParameter("it needs --replace", param_hint="--tracks")
    if prompt is None or not (accompany or replace):
        return prompt
    if replace is None:
        return {**prompt, "use": "accompany"}
    first, _, last = replace.partition("-")
    bars = [_parse_whole_number(text, "--replace", "bars such as 5-8") for text in (first, last or first)]
    changed: models.PromptRequest = {**prompt, "use": "replace", "first_bar": bars[0], "last_bar": bars[1]}
    if tracks:
        changed["tracks"] = [_parse_whole_number(text, "--tracks", "tracks such as 1,3") for text in tracks.split(",")]
    return changed


def _parse_whole_number(text: str, option: str, form: str) -> int:
    if not text.strip().isdecimal():
        raise typer.BadParameter(f"{text!r} is not a number; give {form}", param_hint=option)
    return int(text)


def _read_prompt(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_PROMPT_BYTES + 1)
    except OSError as error:
        message = f"{path!r} is neither a song id nor a readable file: {error.strerror}"
        raise typer.BadParameter(message, param_hint="--prompt") from error
    if len(content) > _MAX_PROMPT_BYTES:
        message = f"{path!r} must be at most {_MAX_PROMPT_BYTES} bytes"
        raise typer.BadParameter(message, param_hint="--prompt")
    return content


def _parse_value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
