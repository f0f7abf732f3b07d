"""Writing files: regular files whole or not at all, links, devices and pipes in place."""

import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from euterpe_cli import terminal
from euterpe_cli.errors import CliError

STDOUT = Path("-")


def require_writable(out: Path) -> None:
    """Raise CliError if `out` cannot be written; used before a piece is composed. Changes nothing."""
    if out == STDOUT:
        terminal.require_stdout()
        return
    try:
        _check(out)
    except OSError as error:
        raise _not_writable(out, error) from error


def require_directory(directory: Path) -> None:
    """Create the directory if it does not exist. Raises CliError if it cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _check_directory(directory)
    except OSError as error:
        raise CliError(
            f"The directory {directory} cannot be written: {_reason(error)}; name another one with --out."
        ) from error


def write(out: Path, chunks: Iterable[bytes]) -> None:
    """Write to `out`; `-` is standard output.

    A regular file appears when it is complete, and keeps the permissions of the file that it replaces. Everything else
    (links, devices, pipes) is never replaced but written in place. Raises CliError if writing fails.
    """
    if out == STDOUT:
        _write_stdout(chunks)
        return
    try:
        status = _status(out)
        if _is_replaceable(out, status):
            replace(out, chunks, mode=None if status is None else stat.S_IMODE(status.st_mode))
        else:
            with out.open("wb") as file:
                file.writelines(chunks)
    except OSError as error:
        raise _not_writable(out, error) from error


def replace(path: Path, chunks: Iterable[bytes], *, mode: int | None) -> None:
    """Replace a regular file, or create it, in one step; `mode` None means the default permissions."""
    temporary = _temporary_path(path.parent)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.writelines(chunks)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_stdout(chunks: Iterable[bytes]) -> None:
    stdout = terminal.require_stdout().buffer
    for chunk in chunks:
        stdout.write(chunk)
    stdout.flush()


def _check(out: Path) -> None:
    if out.is_dir():
        raise CliError(f"{out} is a directory; name a file with --out.")
    try:
        target = out.stat()
    except FileNotFoundError:
        _check_directory(Path(os.path.realpath(out)).parent)
        return
    if stat.S_ISSOCK(target.st_mode):
        raise CliError(f"{out} is a socket; name a file with --out.")
    # The superuser may write to read-only files, but they are protected on purpose.
    if not target.st_mode & 0o222 or not os.access(out, os.W_OK):
        raise CliError(f"{out} is read-only; change its permissions or name another file with --out.")


def _is_replaceable(out: Path, status: os.stat_result | None) -> bool:
    if status is None:
        return True
    if not stat.S_ISREG(status.st_mode):
        return False
    try:
        _check_directory(out.parent)
    except OSError:
        return False
    return True


def _status(path: Path) -> os.stat_result | None:
    """Return the status of the path itself, not of what a link points to; None if it does not exist."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _check_directory(directory: Path) -> None:
    """Raise OSError if no file can be created; only creating one shows it on every file system and to every user."""
    probe = _temporary_path(directory)
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    finally:
        probe.unlink(missing_ok=True)


def _temporary_path(directory: Path) -> Path:
    # Its length does not depend on the file's name, which may be as long as the file system allows.
    return directory / f".euterpe-{secrets.token_hex(8)}.tmp"


def _not_writable(out: Path, error: OSError) -> CliError:
    return CliError(f"{out} cannot be written: {_reason(error)}; name another file with --out.")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
