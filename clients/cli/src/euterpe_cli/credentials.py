"""Tokens on disk, one entry per server, readable by their owner alone."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from euterpe_cli.errors import CliError

#: A token that expires sooner is renewed before it is used.
_MARGIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login at one server."""

    username: str
    access_token: str
    #: Seconds since the epoch.
    expires_at: float
    refresh_token: str

    @classmethod
    def from_answer(cls, username: str, answer: dict[str, Any]) -> "Credentials":
        """From what `POST /auth/token` and `/auth/refresh` answer."""
        expires_at = time.time() + float(answer["expires_in"])
        return cls(username, answer["access_token"], expires_at, answer["refresh_token"])

    @property
    def stale(self) -> bool:
        """Whether the access token has expired or is about to."""
        return time.time() > self.expires_at - _MARGIN_SECONDS


class CredentialStore:
    """`$XDG_CONFIG_HOME/euterpe/credentials.json`."""

    def __init__(self, path: Path | None = None) -> None:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self.path = path or home / "euterpe" / "credentials.json"

    def load(self, server: str) -> Credentials | None:
        """The login at the server; None when there is none. Raises CliError when the file is damaged."""
        entry = self._read().get(server)
        try:
            return None if entry is None else Credentials(**entry)
        except TypeError as error:
            raise self._damaged() from error

    def save(self, server: str, credentials: Credentials | None) -> None:
        """Keeps the login at the server, or forgets it."""
        content = self._read()
        if credentials is None:
            content.pop(server, None)
        else:
            content[server] = asdict(credentials)
        # Written beside and renamed: a reader sees the old tokens or the new ones.
        fresh = self.path.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2)
        fresh.replace(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time: a refresh token serves once, and two that use it look like a thief and its victim."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CliError(f"The login cannot be kept in {self.path.parent}: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CliError(f"{self.path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise self._damaged() from error
        if not isinstance(content, dict):
            raise self._damaged()
        return content

    def _damaged(self) -> CliError:
        return CliError(f"{self.path} is damaged; delete it and log in again.")
