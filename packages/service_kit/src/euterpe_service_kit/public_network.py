"""Connections to addresses that users or operators choose: to public networks only, unless the operator allows others.

Names are resolved here, and the connection goes to the checked address, so that a name cannot resolve to another one
meanwhile. httpcore follows no redirects.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpcore

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Addresses that contain an IPv4 address, to which a gateway would send.
_TRANSLATED: Final = tuple(ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


def public_pool(networks: Sequence[IPNetwork] = (), *, max_connections: int = 50) -> httpcore.AsyncConnectionPool:
    """Create a connection pool that reaches public addresses and `networks` only."""
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=max_connections,
        # A connection that stays open would be used although its name resolves to another address by now.
        max_keepalive_connections=0,
        network_backend=_PublicNetwork(networks),
    )


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
        self._networks = tuple(networks)
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
