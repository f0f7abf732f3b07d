"""Sends events to webhooks, whose addresses users choose: only to public addresses, and without following redirects."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from euterpe_library.domain.webhooks import Attempt, Outcome, signature_headers
from euterpe_library.errors import WebhookAddressRefused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_ATTEMPT_SECONDS: Final = 15.0
_MAX_ERROR_CHARACTERS: Final = 300
#: Addresses that contain an IPv4 address, to which a gateway would send.
_TRANSLATED: Final = tuple(ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class WebhookClient:
    """Sends attempts. `networks` are private networks that the operator allows, with plain HTTP."""

    def __init__(self, networks: Sequence[IPNetwork] = ()) -> None:
        self._networks = tuple(networks)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=50,
            # A connection that stays open would be used although its name resolves to another address by now.
            max_keepalive_connections=0,
            network_backend=_PublicNetwork(self._networks),
        )

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


async def resolve(host: str, port: int, networks: Sequence[IPNetwork]) -> list[str]:
    """Return the addresses of a host. Raises ConnectError if it has none, or one that is not public."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError("the host name cannot be resolved") from None
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if not addresses or not all(is_allowed(address, networks) for address in addresses):
        raise httpcore.ConnectError("the host has a private or local address")
    return addresses


def is_allowed(address: str, networks: Sequence[IPNetwork]) -> bool:
    """Whether an address is public, or in a network that the operator allows."""
    try:
        parsed: IPAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if any(parsed.version == network.version and parsed in network for network in networks):
        return True
    is_translated = any(parsed.version == network.version and parsed in network for network in _TRANSLATED)
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved and not is_translated


class _PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that it has checked itself, so that a name cannot resolve to others meanwhile."""

    def __init__(self, networks: Sequence[IPNetwork]) -> None:
        self._networks = networks
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the base class
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host by its checked addresses, one after the other."""
        addresses = await resolve(host, port, self._networks)
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._backend.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
