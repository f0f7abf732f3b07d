"""The gateway's addresses: loopback only."""

import socket

from euterpe_stack.settings import StackError


def require_free(port: int) -> None:
    """Raise StackError if the port is in use or not permitted."""
    for address in addresses():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.strip("[]"), port))
            except PermissionError as error:
                raise StackError(f"Port {port} needs root privileges; set EUTERPE_PORT to another port.") from error
            except OSError as error:
                raise StackError(f"Port {port} is in use; set EUTERPE_PORT to another port.") from error


def addresses() -> list[str]:
    """Return the IPv4 address, and the IPv6 address if the machine has one: `localhost` can mean either."""
    found = ["127.0.0.1"]
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        found.append("[::1]")
    except OSError:
        pass
    return found
