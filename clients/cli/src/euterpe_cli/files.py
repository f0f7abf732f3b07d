"""Names of files, and writing them whole or not at all."""

import os
import re
import secrets
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from euterpe_cli.errors import CliError


class Format(StrEnum):
    """What a piece can be had as."""

    mid = "mid"
    wav = "wav"
    mp3 = "mp3"
    flac = "flac"


def chosen_format(wanted: Format | None, out: Path | None) -> Format:
    """What was asked for, else what the file's name says, else MIDI."""
    if wanted is not None:
        return wanted
    suffix = out.suffix.lower().lstrip(".") if out else ""
    return Format(suffix) if suffix in set(Format) else Format.mid


def default_name(title: str, wanted: Format) -> Path:
    """A file in the working directory that does not exist yet, named after the title."""
    stem = re.sub(r"[^\w.-]+", "-", title).strip(".-")[:80] or "piece"
    path, number = Path(f"{stem}.{wanted}"), 2
    while path.exists():
        path, number = Path(f"{stem}-{number}.{wanted}"), number + 1
    return path


def require_writable(out: Path) -> None:
    """Raises CliError when the file cannot be written, before anybody has composed anything for it."""
    if out == Path("-"):
        return
    if out.is_dir():
        raise CliError(f"{out} is a directory; name a file with --out.")
    if not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise CliError(f"{out.parent} is no directory that can be written; name another file with --out.")


def require_directory(out: Path) -> None:
    """Makes the directory when it is absent; raises CliError when that cannot be."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"{out} cannot be made a directory: {error.strerror}.") from error


def write(out: Path, chunks: Iterable[bytes]) -> None:
    """Writes to the file, which appears only when it is complete; `-` is the standard output."""
    if out == Path("-"):
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    fresh = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        with fresh.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
        fresh.replace(out)
    except OSError as error:
        raise CliError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        fresh.unlink(missing_ok=True)
