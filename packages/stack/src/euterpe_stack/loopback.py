"""Where the gateway listens: this machine alone."""

import socket

from euterpe_stack.settings import StackError


def require_free(port: int) -> None:
    """Raises StackError when something listens on the port already, or the system refuses it."""
    for address in addresses():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.strip("[]"), port))
            except PermissionError as error:
                raise StackError(f"Port {port} needs more rights; choose another one with EUTERPE_PORT.") from error
            except OSError as error:
                raise StackError(f"Port {port} is taken; choose another one with EUTERPE_PORT.") from error


def addresses() -> list[str]:
    """IPv4's, and IPv6's where the machine has it: `localhost` may mean either."""
    found = ["127.0.0.1"]
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        found.append("[::1]")
    except OSError:
        pass
    return found
