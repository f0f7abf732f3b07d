"""The client: every operation of the API, login with automatic token renewal, and composing in one call."""

import uuid
from collections.abc import Iterator
from typing import Any, Self, cast

from euterpe_client import models
from euterpe_client.errors import ApiError, ConnectionFailed
from euterpe_client.operations import Operations
from euterpe_client.transport import Event

#: A token that is valid for less than this is renewed before it is used.
_RENEWAL_MARGIN_SECONDS = 30.0
_FINAL_STATUSES = frozenset({"succeeded", "failed", "cancelled"})
_FINAL_EVENTS = frozenset({"done", "failed", "cancelled"})
#: Events whose data is the generation. Servers may send events of other kinds, which are skipped.
_STATE_EVENTS = _FINAL_EVENTS | {"queued", "started", "progress"}
_TEMPORARY_STATUSES = frozenset({429, 502, 503, 504})
_FIRST_RECONNECT_SECONDS = 0.2
_MAX_RECONNECT_SECONDS = 3.0
#: An event stream without a connection for so long is given up.
_MAX_OUTAGE_SECONDS = 120.0


class Euterpe(Operations):
    """A server, used anonymously, as a guest, with an account or with an API key.

    Access tokens are renewed with the refresh token or the API key before they expire. Keyword options are those of
    Transport; with `access_token`, the caller manages the login. Every method raises an EuterpeError on failure.
    """

    def __init__(self, url: str = "http://localhost:8080", **options: Any) -> None:
        super().__init__(url, **options)
        self._token: str | None = None
        self._refresh_token: str | None = None
        self._api_key: str | None = None
        self._renew_at = float("inf")

    def log_in(self, username: str, password: str) -> Self:
        """Log in to an account. Raises ApiError with status 401 if the name or the password is wrong."""
        self._forget()
        self._keep(self.create_token({"grant_type": "password", "username": username, "password": password}))
        return self

    def begin_as_guest(self) -> Self:
        """Start a guest session; `register` turns it into an account that keeps its songs."""
        self._forget()
        self._keep(self.create_guest())
        return self

    def use_api_key(self, api_key: str) -> Self:
        """Use an API key, with the permissions of its scopes."""
        self._forget()
        self._api_key = api_key
        self._renew()
        return self

    def register(self, username: str, password: str) -> Self:
        """Create an account and log in; the songs of a guest session move to the account."""
        self.register_user({"username": username, "password": password})
        return self.log_in(username, password)

    def compose(self, **request: Any) -> models.GenerationView:
        """Compose a piece and return the ended generation: succeeded, failed with a reason, or cancelled.

        `request` has the fields of models.GenerationRequest. Raises ApiError if one of them is invalid.
        """
        body: models.GenerationRequest = request  # type: ignore[assignment]
        generation: models.GenerationView = self.create_generation(
            body, prefer="wait=30", idempotency_key=str(uuid.uuid4())
        )
        if generation["status"] not in _FINAL_STATUSES:
            for state in self.watch_states(generation["id"]):
                generation = state
        return generation

    def watch_states(self, generation_id: str) -> Iterator[models.GenerationView]:
        """Yield a generation in each of its states until it has ended. Raises as `watch_generation`."""
        for event in self.watch_generation(generation_id, notes=False):
            if event.name in _STATE_EVENTS:
                yield cast(models.GenerationView, event.data)

    def watch_generation(self, generation_id: str, *, notes: bool = True) -> Iterator[Event]:
        """Yield the events of a generation until it has ended, as `follow_generation`, and reconnect when needed.

        A broken stream is resumed after the last event received. Raises ApiError if the server refuses, and
        ConnectionFailed if there is no connection for two minutes.
        """
        last_event_id: str | None = None
        reconnect_seconds, connected_at = _FIRST_RECONNECT_SECONDS, self._clock()
        while True:
            try:
                for event in self.follow_generation(generation_id, notes=notes, last_event_id=last_event_id):
                    last_event_id = event.id or last_event_id
                    reconnect_seconds, connected_at = _FIRST_RECONNECT_SECONDS, self._clock()
                    yield event
                    if event.name in _FINAL_EVENTS:
                        return
            except (ApiError, ConnectionFailed) as error:
                is_temporary = not isinstance(error, ApiError) or error.status in _TEMPORARY_STATUSES
                if not is_temporary or self._clock() - connected_at > _MAX_OUTAGE_SECONDS:
                    raise
            self._pause(reconnect_seconds)
            reconnect_seconds = min(2 * reconnect_seconds, _MAX_RECONNECT_SECONDS)

    def _keep(self, tokens: models.TokenAnswer) -> None:
        self._token = tokens["access_token"]
        self._refresh_token = tokens.get("refresh_token")
        self._renew_at = self._clock() + tokens["expires_in"] - _RENEWAL_MARGIN_SECONDS

    def _forget(self) -> None:
        self._token = self._refresh_token = self._api_key = None
        self._renew_at = float("inf")

    def _access_token(self) -> str | None:
        if self._token_source is not None:
            return self._token_source()
        if self._clock() >= self._renew_at:
            self._renew()
        return self._token

    def _renew(self) -> None:
        if self._api_key is not None:
            scoped = self.exchange_api_key({"api_key": self._api_key})
            self._token = scoped["access_token"]
            self._renew_at = self._clock() + scoped["expires_in"] - _RENEWAL_MARGIN_SECONDS
        elif self._refresh_token is not None:
            self._keep(self.refresh_token({"refresh_token": self._refresh_token}))
