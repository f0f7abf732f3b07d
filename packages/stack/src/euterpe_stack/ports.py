"""Free ports on loopback for servers."""

import secrets
import socket
import sys

_FIRST_PORT, _LAST_PORT = 15_000, 32_000
#: Ports that this process has claimed, each with the open socket that marks the claim for other processes.
_claims: dict[int, socket.socket] = {}


def free_port() -> int:
    """Return a free port on loopback."""
    return free_ports(1)[0]


def free_ports(count: int, *, also: int = 0) -> list[int]:
    """Return distinct free ports on loopback; the ports that are `also` higher are free, too.

    They are below the range of ports for outgoing connections, which could use a port before its server listens. A
    port is returned only once, in all processes, while the process that claimed it runs.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = _FIRST_PORT + secrets.randbelow(_LAST_PORT - also - _FIRST_PORT)
        if all(claim_port(candidate) and _is_free(candidate) for candidate in sorted({port, port + also})):
            ports.append(port)
    return ports


def claim_port(port: int) -> bool:
    """Exclude the port from `free_ports` in every process while this process runs; return False if it is claimed."""
    if port in _claims:
        return False
    claim = socket.socket(socket.AF_UNIX)
    if sys.platform == "linux":
        # An abstract name, which the kernel releases when the process ends.
        try:
            claim.bind(f"\0euterpe-port-{port}")
        except OSError:
            claim.close()
            return False
    _claims[port] = claim
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def accepts_connections(port: int) -> bool:
    """Return whether a server listens on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
