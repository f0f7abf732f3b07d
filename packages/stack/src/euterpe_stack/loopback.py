"""The gateway's addresses: loopback, and others on request."""

import socket
from collections.abc import Sequence

from euterpe_stack.errors import StackError


def require_free(port: int, bind: Sequence[str] = ()) -> None:
    """Raise StackError if the port is in use or not permitted."""
    for address in addresses(bind):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.strip("[]"), port))
            except PermissionError as error:
                raise StackError(f"Port {port} needs root privileges; set EUTERPE_PORT to another port.") from error
            except OSError as error:
                raise StackError(f"Port {port} is in use; set EUTERPE_PORT to another port.") from error


def addresses(bind: Sequence[str] = ()) -> list[str]:
    """Return the addresses to listen on: loopback, as readiness is checked there, and those in `bind`.

    `localhost` can mean the IPv4 address, or the IPv6 address if the machine has one.
    """
    if "[::]" in bind:
        return ["[::]"]
    if "0.0.0.0" in bind:  # noqa: S104 - compared, and chosen by the operator
        return ["0.0.0.0"]  # noqa: S104
    found = ["127.0.0.1"]
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        found.append("[::1]")
    except OSError:
        pass
    return [*found, *(address for address in bind if address not in found)]
