"""Sends events to webhooks, whose addresses users choose: only to public addresses, and without following redirects."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpcore
from euterpe_service_kit.public_network import IPNetwork, public_pool, resolve

from euterpe_library.domain.webhooks import Attempt, Outcome, signature_headers
from euterpe_library.errors import WebhookAddressRefused

_ATTEMPT_SECONDS: Final = 15.0
_MAX_ERROR_CHARACTERS: Final = 300


class WebhookClient:
    """Sends attempts. `networks` are private networks that the operator allows, with plain HTTP."""

    def __init__(self, networks: Sequence[IPNetwork] = ()) -> None:
        self._networks = tuple(networks)
        self._pool = public_pool(self._networks)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def check(self, url: str) -> None:
        """Raise WebhookAddressRefused if events cannot be sent to a URL."""
        parts = urlsplit(url)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise WebhookAddressRefused("has an invalid port") from None
        if parts.scheme != "https" and not (parts.scheme == "http" and self._networks):
            raise WebhookAddressRefused("must begin with https://")
        if not parts.hostname or parts.username is not None or parts.password is not None:
            raise WebhookAddressRefused("must have a host name, and neither user name nor password")
        try:
            await resolve(parts.hostname, port, self._networks)
        except httpcore.ConnectError as error:
            raise WebhookAddressRefused(str(error)) from None

    async def send(self, attempt: Attempt) -> Outcome:
        """Send an attempt. Never raises for what the receiver or the network does."""
        signature = signature_headers(attempt, datetime.now(UTC))
        headers = [("Content-Type", "application/json"), ("User-Agent", "Euterpe-Webhooks/1"), *signature.items()]
        try:
            async with (
                asyncio.timeout(_ATTEMPT_SECONDS),
                self._pool.stream("POST", attempt.url, headers=headers, content=attempt.payload.encode()) as response,
            ):
                return _outcome(response.status)
        except TimeoutError:
            return Outcome(False, error=f"no answer within {_ATTEMPT_SECONDS:.0f} seconds")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, ValueError) as error:
            return Outcome(False, error=(str(error) or type(error).__name__)[:_MAX_ERROR_CHARACTERS])


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(True, status)
    if 300 <= status < 400:
        return Outcome(False, status, "redirects are not followed")
    # The receiver says that it wants no more events.
    return Outcome(False, status, f"the receiver answered {status}", is_final=status == 410)
