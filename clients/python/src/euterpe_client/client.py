"""The client: logging in, staying logged in, and composing in one call, beside every operation of the API."""

import time
from typing import Any, Self

from euterpe_client import models
from euterpe_client.operations import Operations

#: A token is renewed when it has less than this left.
_MARGIN_SECONDS = 30.0
_ENDED = frozenset({"succeeded", "failed", "cancelled"})


class Euterpe(Operations):
    """A server, and who one is there: nobody, a guest, an account, or an API key.

    Access tokens are renewed by themselves, from the login's refresh token or from the API key.
    """

    def __init__(self, url: str = "http://localhost:8080", **options: Any) -> None:
        super().__init__(url, **options)
        self._token: str | None = None
        self._refresh_token: str | None = None
        self._api_key: str | None = None
        self._renew_at = float("inf")

    def log_in(self, username: str, password: str) -> Self:
        """Begins a session. Raises ApiError 401 for a wrong name or password."""
        self._forget()
        self._keep(self.create_token({"grant_type": "password", "username": username, "password": password}))
        return self

    def begin_as_guest(self) -> Self:
        """Begins a session without an account; what is composed can be kept by registering with `register`."""
        self._forget()
        self._keep(self.create_guest())
        return self

    def use_api_key(self, api_key: str) -> Self:
        """Uses an API key; what it may do, its scopes say."""
        self._forget()
        self._api_key = api_key
        self._renew()
        return self

    def register(self, username: str, password: str) -> Self:
        """Makes an account and logs in; a guest's pieces become the account's."""
        self.register_user({"username": username, "password": password})
        return self.log_in(username, password)

    def compose(self, **wish: Any) -> models.GenerationView:
        """Composes a piece and returns it ended: succeeded, or failed with a reason, or cancelled by somebody.

        `wish` are the fields of models.GenerationRequest. Raises ApiError for one that cannot be.
        """
        body: models.GenerationRequest = wish  # type: ignore[assignment]
        piece: models.GenerationView = self.create_generation(body, prefer="wait=30")
        while piece["status"] not in _ENDED:
            for event in self.follow_generation(piece["id"], notes=False):
                piece = event.data  # type: ignore[assignment]
        return piece

    def _keep(self, tokens: models.TokenAnswer) -> None:
        self._token = tokens["access_token"]
        self._refresh_token = tokens.get("refresh_token")
        self._renew_at = time.monotonic() + tokens["expires_in"] - _MARGIN_SECONDS

    def _forget(self) -> None:
        self._token = self._refresh_token = self._api_key = None
        self._renew_at = float("inf")

    def _credential(self) -> str | None:
        if time.monotonic() >= self._renew_at:
            self._renew()
        return self._token

    def _renew(self) -> None:
        # Neither request carries the old token, which may have expired.
        self._token, self._renew_at = None, float("inf")
        if self._api_key is not None:
            scoped = self.exchange_api_key({"api_key": self._api_key})
            self._token = scoped["access_token"]
            self._renew_at = time.monotonic() + scoped["expires_in"] - _MARGIN_SECONDS
        elif self._refresh_token is not None:
            self._keep(self.refresh_token({"refresh_token": self._refresh_token}))
