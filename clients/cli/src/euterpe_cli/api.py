"""Euterpe's public API, with the login that is kept for the server, or without one."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from euterpe_cli.credentials import Credentials, CredentialStore
from euterpe_cli.errors import CliError, NotLoggedIn, ServerUnreachable

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
#: Rendering a long piece takes its time.
_RENDER_SECONDS = 180.0
_TRIES = 4
#: How long one request waits for a comparison; a longer one is asked after.
_COMPARE_SECONDS = 20


class Api:
    """One server. Every method raises CliError with the sentence that the server gave, or one of our own."""

    def __init__(self, server: str, store: CredentialStore) -> None:
        self.server = server
        self._store = store
        self._client = httpx.Client(base_url=f"{server}/api/v1", timeout=_TIMEOUT)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def register(self, username: str, password: str) -> dict[str, Any]:
        """Makes an account."""
        return self._json("POST", "/auth/users", json={"username": username, "password": password}, login=False)

    def log_in(self, username: str, password: str) -> None:
        """Begins a session and keeps it."""
        form = {"grant_type": "password", "username": username, "password": password}
        answer = self._json("POST", "/auth/token", data=form, login=False)
        with self._store.locked():
            self._store.save(self.server, Credentials.from_answer(username, answer))

    def log_out(self) -> str | None:
        """Ends the session and forgets it; returns whose it was."""
        with self._store.locked():
            known = self._store.load(self.server)
            if known is None:
                return None
            self._store.save(self.server, None)
        self._json("POST", "/auth/logout", json={"refresh_token": known.refresh_token}, login=False)
        return known.username

    @property
    def username(self) -> str | None:
        """Who is logged in."""
        known = self._store.load(self.server)
        return known.username if known else None

    def compose(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Orders a piece. One lost answer or another, it is ordered once: the key tells the server."""
        return self._json(
            "POST", "/generations", json=wish, headers={"Idempotency-Key": str(uuid.uuid4())}, tries=_TRIES
        )

    def compare(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Orders a comparison and waits for its end."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": f"wait={_COMPARE_SECONDS}"}
        compared = self._json(
            "POST", "/comparisons", json=wish, headers=headers, tries=_TRIES, timeout=_COMPARE_SECONDS + 10
        )
        while not compared["ended"]:
            time.sleep(1.0)
            compared = self._json("GET", f"/comparisons/{compared['id']}")
        return compared

    def cancel(self, generation_id: str) -> None:
        """Cancels a generation."""
        self._json("DELETE", f"/generations/{generation_id}")

    def songs(self, search: str, limit: int) -> list[dict[str, Any]]:
        """The newest songs of whoever is logged in, over as many pages as it takes."""
        self._require_login()
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(found) < limit:
            query = {"limit": min(100, limit - len(found))} | ({"q": search} if search else {})
            page = self._json("GET", "/songs", params=query | ({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return found

    def song(self, song_id: uuid.UUID) -> dict[str, Any]:
        """What is known of a song."""
        return self._json("GET", f"/songs/{song_id}")

    @contextmanager
    def stream(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        """An answer whose body is read while it arrives."""
        headers = {**request.pop("headers", {}), **self._authorization()}
        try:
            with self._client.stream(method, path, headers=headers, **request) as answer:
                if answer.is_error:
                    answer.read()
                    raise _failure(answer)
                yield answer
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    @contextmanager
    def render(self, path: str) -> Iterator[httpx.Response]:
        """Audio of a song, which may have to be rendered first."""
        with self.stream("GET", path, timeout=httpx.Timeout(_RENDER_SECONDS, connect=5.0)) as answer:
            yield answer

    @contextmanager
    def convert(self, midi: bytes, audio_format: str) -> Iterator[httpx.Response]:
        """Audio of a MIDI file, for which no login is needed."""
        timeout = httpx.Timeout(_RENDER_SECONDS, connect=5.0)
        files = {"file": ("piece.mid", midi, "audio/midi")}
        with self.stream("POST", "/conversions", files=files, data={"format": audio_format}, timeout=timeout) as answer:
            yield answer

    def _json(self, method: str, path: str, *, login: bool = True, tries: int = 1, **request: Any) -> dict[str, Any]:
        headers = request.pop("headers", {})
        for attempt in range(1, tries + 1):
            try:
                sent = headers | (self._authorization() if login else {})
                answer = self._client.request(method, path, headers=sent, **request)
            except httpx.TransportError as error:
                if attempt == tries:
                    raise self._unreachable(error) from error
            else:
                if answer.status_code not in (429, 503) or attempt == tries:
                    return _content(answer)
            time.sleep(0.3 * 2**attempt)
        raise AssertionError("the last try returns or raises")

    def _authorization(self) -> dict[str, str]:
        known = self._store.load(self.server)
        if known is None:
            return {}
        if known.stale:
            with self._store.locked():
                known = self._refreshed()
        return {"Authorization": f"Bearer {known.access_token}"}

    def _refreshed(self) -> Credentials:
        # Another process may have renewed the tokens, or logged out, while this one waited for the lock.
        known = self._store.load(self.server)
        if known is None:
            raise NotLoggedIn("You were logged out; log in with `euterpe login`.")
        if not known.stale:
            return known
        try:
            answer = self._client.post("/auth/refresh", json={"refresh_token": known.refresh_token})
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.status_code == 401:
            self._store.save(self.server, None)
            raise NotLoggedIn("Your login has expired; log in again with `euterpe login`.")
        renewed = Credentials.from_answer(known.username, _content(answer))
        self._store.save(self.server, renewed)
        return renewed

    def _require_login(self) -> None:
        if self._store.load(self.server) is None:
            raise NotLoggedIn(f"You are not logged in at {self.server}; log in with `euterpe login`.")

    def _unreachable(self, error: httpx.TransportError) -> ServerUnreachable:
        reason = "does not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
        return ServerUnreachable(f"{self.server} {reason}; is Euterpe running there? Name another place with --server.")


def _content(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise _failure(answer)
    if not answer.content:
        return {}
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise CliError(f"{answer.request.url.copy_with(query=None)} answers, but not as Euterpe does.")
    return content


def _failure(answer: httpx.Response) -> CliError:
    try:
        problem = answer.json()
        detail = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"The server answered with status {answer.status_code}."
    if answer.status_code == 401:
        return NotLoggedIn(detail)
    return ServerUnreachable(detail) if answer.status_code in (502, 503, 504) else CliError(detail)
