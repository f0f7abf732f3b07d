"""Networks of clients: what limits per address and per network count by."""

import ipaddress
from typing import Final

#: One subscriber or one organisation has at least this much: /24 of IPv4, /64 of IPv6.
_IPV4_PREFIX: Final = 24
_IPV6_PREFIX: Final = 64


def network_of(address: str) -> str:
    """Return the /24 (IPv4) or /64 (IPv6) of an address, such as `192.0.2.0/24`; other text is returned unchanged."""
    return _network(address, _IPV4_PREFIX)


def subscriber_of(address: str) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 address, which one subscriber has; other text unchanged."""
    return _network(address, 32).removesuffix("/32")


def _network(address: str, ipv4_prefix: int) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    parsed = mapped or parsed
    prefix = ipv4_prefix if parsed.version == 4 else _IPV6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
