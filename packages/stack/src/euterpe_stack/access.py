"""How the gateway is reached: addresses, host names, certificate, and proxies in front of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from euterpe_stack.errors import StackError

#: Names of this machine for itself, which are always accepted.
LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Access:
    """Without settings, only this machine reaches the gateway, over HTTP.

    `EUTERPE_BIND`: addresses to listen on. `EUTERPE_HOSTS`: accepted host names. `EUTERPE_TLS_CERTIFICATE` and
    `EUTERPE_TLS_KEY`: PEM files. `EUTERPE_TRUSTED_PROXIES`: networks whose X-Forwarded headers are trusted. Lists are
    separated by commas or spaces.
    """

    #: Addresses to listen on; empty for loopback.
    bind: tuple[str, ...] = ()
    #: Accepted host names; the first is that of the product's address.
    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()

    @property
    def scheme(self) -> str:
        """Return `https` with a certificate."""
        return "http" if self.certificate is None else "https"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Access":
        """Read the settings. Raises StackError for invalid ones, and if passwords could cross a network in clear."""
        certificate, key = (_file(environment, f"EUTERPE_TLS_{name}") for name in ("CERTIFICATE", "KEY"))
        if (certificate is None) != (key is None):
            raise StackError("EUTERPE_TLS_CERTIFICATE and EUTERPE_TLS_KEY must be set together.")
        proxies = tuple(_network(each) for each in _items(environment, "EUTERPE_TRUSTED_PROXIES"))
        bind = tuple(_address(each) for each in _items(environment, "EUTERPE_BIND"))
        names = tuple(_host(each) for each in _items(environment, "EUTERPE_HOSTS"))
        if bind and certificate is None and not proxies:
            raise StackError(
                "EUTERPE_BIND opens the product to other machines, so it needs TLS: set EUTERPE_TLS_CERTIFICATE and "
                "EUTERPE_TLS_KEY, or EUTERPE_TRUSTED_PROXIES if a proxy in front of it has the certificate."
            )
        if bind and not names:
            raise StackError("EUTERPE_BIND needs EUTERPE_HOSTS: the names under which the product is reached.")
        hosts = (*names, *(each for each in LOOPBACK_HOSTS if each not in names))
        return cls(bind, hosts, certificate, key, proxies)


def _items(environment: Mapping[str, str], name: str) -> list[str]:
    return environment.get(name, "").replace(",", " ").split()


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name, "")
    if not text:
        return None
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise StackError(f"{name} is {path}, which is not a file.")
    return path


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise StackError(f"EUTERPE_TRUSTED_PROXIES contains {text!r}: {error}.") from None


def _address(text: str) -> str:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError as error:
        raise StackError(f"EUTERPE_BIND contains {text!r}: {error}.") from None
    return f"[{address}]" if address.version == 6 else str(address)


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise StackError(f"EUTERPE_HOSTS contains {text!r}, but must be host names without scheme and port.")
    return text.lower()
