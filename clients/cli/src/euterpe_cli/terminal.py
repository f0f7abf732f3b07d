"""Standard input, output and error: text that every encoding can show, and streams that are closed or full."""

import io
import os
import sys
from typing import TextIO

from euterpe_cli.errors import CliError

_MAX_LINE_CHARACTERS = 10_000


def allow_all_characters() -> None:
    """Print characters that the output's encoding lacks as `?` instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def notify(text: str) -> None:
    """Print a line to standard error; a standard error that is closed or full is ignored."""
    if sys.stderr is None:
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def print_line(text: str) -> None:
    """Print a line to standard output. Raises CliError if it is closed, and OSError if it cannot be written."""
    print(text, file=require_stdout(), flush=True)


def require_stdout() -> TextIO:
    """Return standard output. Raises CliError if it is closed."""
    if sys.stdout is None:
        raise CliError("The standard output is closed; open it or name a file with --out.")
    return sys.stdout


def discard_stdout() -> None:
    """Drop what standard output has buffered after a failed write, so that Python does not fail at exit."""
    _discard(sys.stdout)


def read_line() -> str:
    """Read a line from standard input, without its end. Raises CliError if there is no valid one."""
    if sys.stdin is None:
        raise CliError("The standard input is closed; it must hold the password.")
    try:
        line = sys.stdin.readline(_MAX_LINE_CHARACTERS + 1)
        line.encode()  # fails for bytes that are not text, which some locales let through
    except (OSError, ValueError) as error:
        raise CliError("The standard input cannot be read as text; it must hold the password.") from error
    if not line:
        raise CliError("The standard input is empty; it must hold the password.")
    if len(line) > _MAX_LINE_CHARACTERS:
        raise CliError(f"The password must be at most {_MAX_LINE_CHARACTERS} characters.")
    return line.rstrip("\r\n")


def _discard(stream: TextIO | None) -> None:
    if stream is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
