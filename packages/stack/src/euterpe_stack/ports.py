"""Ports on loopback for servers that are about to start."""

import secrets
import socket
import sys

_FIRST_PORT, _LAST_PORT = 15_000, 32_000
#: What keeps others from the ports that this process was given: port → an open socket of that name.
_claims: dict[int, socket.socket] = {}


def free_port() -> int:
    """A port on loopback that is free now."""
    return free_ports(1)[0]


def free_ports(count: int, *, also: int = 0) -> list[int]:
    """Distinct ports on loopback that are free now, and so are those that lie `also` above them.

    They are below the range from which systems take ports for outgoing connections: a port from that range can be
    gone before the server that it was meant for listens. Nor does this give a port twice, to this process or to
    another one, while the process that got it lives: it may be seconds until a server listens there.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = _FIRST_PORT + secrets.randbelow(_LAST_PORT - also - _FIRST_PORT)
        if all(claim_port(candidate) and _is_free(candidate) for candidate in sorted({port, port + also})):
            ports.append(port)
    return ports


def claim_port(port: int) -> bool:
    """Keeps `free_ports` from giving the port, in every process, while this one lives; False when it is claimed."""
    if port in _claims:
        return False
    claim = socket.socket(socket.AF_UNIX)
    if sys.platform == "linux":
        # A name without a file, which the kernel frees when the process ends, however it ends.
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
    """Whether something listens on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
