"""Access tokens that are refused before they expire.

A token belongs to a user and to a session or an API key. Auth publishes the ids of those that have ended, for as long
as their tokens could be valid; every service pulls the list (docs/adr/0023-revocation-list.md).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final
from urllib.parse import urljoin

import httpx
import structlog

from euterpe_service_kit.errors import SessionEnded, Unavailable
from euterpe_service_kit.tokens import Principal

log = structlog.get_logger(__name__)

#: Path of the list at auth. No gateway routes it.
PATH: Final = "/internal/revocations"
#: Pause between two fetches, and the age at which tokens are no longer accepted.
PULL_SECONDS: Final = 2.0
MAX_AGE_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 1.0
#: Longest fetch: the first requests after the start wait for it.
_FETCH_SECONDS: Final = 5.0

Load = Callable[[], Awaitable[Collection[str]]]


class RevocationList:
    """The revoked ids, at most `max_age_seconds` old when they are used.

    `load` returns all of them and raises Unavailable. Concurrent callers share one load, also a failed one, which is
    repeated after `retry_seconds` at the earliest.
    """

    def __init__(
        self,
        load: Load,
        *,
        max_age_seconds: float,
        retry_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._max_age = max_age_seconds
        self._retry = retry_seconds
        self._clock = clock
        self._lock = asyncio.Lock()
        self._ids: frozenset[str] = frozenset()
        self._loaded_at = self._failed_at = float("-inf")

    async def ids(self) -> frozenset[str]:
        """Return the revoked ids. Raises Unavailable when they are too old and cannot be loaded."""
        if self._is_old():
            came = self._clock()
            async with self._lock:
                if self._is_old():
                    self._require_pause(came)
                    await self._refresh()
        return self._ids

    async def refresh(self) -> None:
        """Load the list now. Raises Unavailable."""
        async with self._lock:
            await self._refresh()

    async def require_valid(self, principal: Principal) -> None:
        """Raise SessionEnded if the principal's user, session or API key is revoked, and Unavailable as `ids` does."""
        revoked = await self.ids()
        if revoked and not revoked.isdisjoint((principal.id, principal.session_id, principal.api_key_id)):
            raise SessionEnded

    def _is_old(self) -> bool:
        return self._clock() - self._loaded_at > self._max_age

    def _require_pause(self, came: float) -> None:
        if self._failed_at > came - self._retry:
            raise Unavailable("Tokens cannot be verified now, because the list of revoked ones cannot be fetched.")

    async def _refresh(self) -> None:
        # What is revoked during the load may be missing from it, so its age counts from the beginning.
        begun = self._clock()
        try:
            self._ids = frozenset(await self._load())
        except Unavailable:
            self._failed_at = self._clock()
            raise
        self._loaded_at = begun


def remote_revocations(jwks_url: str, client: httpx.AsyncClient) -> RevocationList:
    """Return the list that auth publishes, at the host of its JSON Web Key Set."""
    return RevocationList(
        _Remote(urljoin(jwks_url, PATH), client), max_age_seconds=MAX_AGE_SECONDS, retry_seconds=_RETRY_SECONDS
    )


class _Remote:
    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self._etag = ""
        self._ids: list[str] = []

    async def __call__(self) -> list[str]:
        headers = {"If-None-Match": self._etag} if self._etag else {}
        try:
            response = await self._client.get(self._url, headers=headers, timeout=_FETCH_SECONDS)
            if response.status_code != httpx.codes.NOT_MODIFIED:
                response.raise_for_status()
                self._ids = [str(each) for each in response.json()["ids"]]
                self._etag = response.headers.get("etag", "")
        except (httpx.HTTPError, ValueError, TypeError, KeyError) as error:
            log.warning("revocations_fetch_failed", url=self._url, error=repr(error))
            raise Unavailable("Tokens cannot be verified now, because auth does not respond.") from error
        return self._ids
