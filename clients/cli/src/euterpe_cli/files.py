"""File formats, and file names made from titles."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from euterpe_client import models

ScoreFormat = Literal["pdf", "musicxml", "abc"]
StemFormat = Literal["mid", models.AudioFormat]
Format = Literal["mid", models.AudioFormat, ScoreFormat]

#: NAME_MAX of the usual file systems.
_MAX_NAME_BYTES = 255
_MAX_STEM_CHARACTERS = 80


def choose_format(requested: Format | None, out: Path | None) -> Format:
    """Return the requested format, else the one that the suffix of `out` names, else MIDI."""
    if requested is not None:
        return requested
    suffix = out.suffix.lower().lstrip(".") if out else ""
    formats: tuple[Format, ...] = get_args(Format)
    return next((each for each in formats if each == suffix), "mid")


def unused_path(title: str, file_format: Format | Literal["zip"]) -> Path:
    """Return a path in the working directory that does not exist yet, named after the title."""
    stem = re.sub(r"[^\w.-]+", "-", title).strip(".-")[:_MAX_STEM_CHARACTERS] or "piece"
    path, number = _named(stem, f".{file_format}"), 2
    while os.path.lexists(path):
        path, number = _named(stem, f"-{number}.{file_format}"), number + 1
    return path


def stems(labels: Iterable[str]) -> list[str]:
    """Return a file name without suffix for each label; no two are equal."""
    taken: list[str] = []
    for label in labels:
        base = re.sub(r"[^A-Za-z0-9.]+", "-", label).strip(".-") or "piece"
        stem, number = base, 2
        while stem in taken:
            stem, number = f"{base}-{number}", number + 1
        taken.append(stem)
    return taken


def _named(stem: str, ending: str) -> Path:
    """Return the stem and the ending as a path, with the stem cut to the longest name that file systems allow."""
    encoding = sys.getfilesystemencoding()
    # A stem has no question marks of its own: they stand for characters that the encoding lacks.
    encoded = stem.encode(encoding, "replace").replace(b"?", b"-")
    return Path(encoded[: _MAX_NAME_BYTES - len(ending)].decode(encoding, "ignore") + ending)
