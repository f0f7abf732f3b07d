"""Free ports for servers."""

import subprocess
import sys

import pytest
from euterpe_stack import ports

FIRST, LAST = 14_000, 14_040
OTHER = f"""
from euterpe_stack import ports
ports._FIRST_PORT, ports._LAST_PORT = {FIRST}, {LAST}
print(*ports.free_ports(15), flush=True)
input()
"""


def test_a_port_is_claimed_once_while_its_owner_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_FIRST_PORT", FIRST)
    monkeypatch.setattr(ports, "_LAST_PORT", LAST)
    with subprocess.Popen([sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        ours = {*ports.free_ports(10), *ports.free_ports(5)}
        assert len(theirs) == len(ours) == 15
        assert not theirs & ours
        other.communicate(b"\n")
    assert ports.claim_port(theirs.pop())
