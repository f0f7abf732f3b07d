"""The token of a service for its peers: fetched from auth with client credentials and renewed at half its lifetime."""

import asyncio
import time

import httpx
import structlog

from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.settings import PeerSettings

log = structlog.get_logger(__name__)


class ServiceTokenSource:
    """Provides a valid service token; concurrent callers share one fetch."""

    def __init__(self, peer: PeerSettings, client: httpx.AsyncClient) -> None:
        self._peer = peer
        self._client = client
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = self._expires_at = float("-inf")

    async def token(self) -> str:
        """Return a valid token. Raises Unavailable if auth does not respond and the cached token has expired."""
        if time.monotonic() < self._renew_at:
            return self._token
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                await self._renew()
        return self._token

    async def _renew(self) -> None:
        try:
            answer = await self._client.post(
                self._peer.token_url,
                data={"grant_type": "client_credentials"},
                auth=(self._peer.client_id, self._peer.client_secret.get_secret_value()),
                timeout=5.0,
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            if time.monotonic() < self._expires_at:
                log.warning("service_token_renewal_failed", error=repr(error))
                return
            raise Unavailable("Auth issues no service token at the moment.") from error
        body = answer.json()
        now, lifetime = time.monotonic(), float(body["expires_in"])
        self._token = body["access_token"]
        self._renew_at, self._expires_at = now + lifetime / 2, now + lifetime - 5
