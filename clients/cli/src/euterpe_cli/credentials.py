"""Tokens on disk, one entry per server, readable by their owner only."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from euterpe_client import InvalidResponse, models

from euterpe_cli import output
from euterpe_cli.errors import CliError

#: A token that is valid for less than this is renewed before it is used.
_RENEWAL_MARGIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login at one server; `expires_at` is in seconds since the epoch."""

    username: str
    access_token: str
    expires_at: float
    refresh_token: str

    def __post_init__(self) -> None:
        texts = (self.username, self.access_token, self.refresh_token)
        if not all(isinstance(text, str) and text for text in texts) or not isinstance(self.expires_at, float | int):
            raise TypeError("a field has the wrong type")
        # Tokens are sent in a header, which takes nothing else.
        if not all(token.isascii() and token.isprintable() for token in texts[1:]):
            raise ValueError("a token has characters that no token has")

    @classmethod
    def from_tokens(cls, username: str, tokens: models.TokenAnswer) -> Self:
        """Create credentials from a token response. Raises InvalidResponse if it has no tokens."""
        try:
            expires_at = time.time() + float(tokens["expires_in"])
            return cls(username, tokens["access_token"], expires_at, str(tokens.get("refresh_token") or ""))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidResponse("the server returned no usable tokens") from error

    @property
    def is_stale(self) -> bool:
        """Whether the access token has expired or is about to."""
        return time.time() > self.expires_at - _RENEWAL_MARGIN_SECONDS


class CredentialStore:
    """The file `$XDG_CONFIG_HOME/euterpe/credentials.json`; a link there is followed."""

    def __init__(self) -> None:
        try:
            directory = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        except RuntimeError as error:
            raise CliError("The home directory is unknown; set HOME or XDG_CONFIG_HOME.") from error
        self.path = Path(os.path.realpath(directory / "euterpe" / "credentials.json"))

    def load(self, server: str) -> Credentials | None:
        """Return the login at the server, None if there is none. Raises CliError if the file is damaged."""
        entry = self._read().get(server)
        try:
            return None if entry is None else Credentials(**entry)
        except (TypeError, ValueError) as error:
            raise self._damaged() from error

    def save(self, server: str, credentials: Credentials | None) -> None:
        """Store the login at the server, or delete it. Raises CliError if the file cannot be written."""
        content = self._read()
        if credentials is None:
            content.pop(server, None)
        else:
            content[server] = asdict(credentials)
        try:
            output.replace(self.path, [json.dumps(content, indent=2).encode()], mode=0o600)
        except OSError as error:
            raise self._not_stored(error) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclude other processes: the server treats a second use of a refresh token as theft."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._not_stored(error) from error
        try:
            self._acquire(lock)
            yield
        finally:
            os.close(lock)

    def _acquire(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            raise self._not_stored(error) from error

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

    def _not_stored(self, error: OSError) -> CliError:
        return CliError(f"The login cannot be stored in {self.path.parent}: {error.strerror}.")
