"""Restrictions of render processes, each in a process of its own."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from euterpe_converter.errors import SandboxMissing
from euterpe_converter.rendering.child import CHILD_ENVIRONMENT
from euterpe_converter.rendering.synth_worker import SynthWorker


def run(code: str, *arguments: object) -> str:
    prelude = (
        "import os, socket, subprocess, sys\nfrom pathlib import Path\n"
        "from euterpe_service_kit import sandbox\n"
        "sandbox.drop_privileges()\n"
    )
    command = [sys.executable, "-c", prelude + code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_new_sockets_are_refused_also_in_child_processes(family: str) -> None:
    code = f"""
assert sandbox.deny_sockets()
try:
    socket.socket(socket.{family})
except PermissionError:
    print("refused")
child = "import socket; socket.socket(socket.{family})"
print(subprocess.run([sys.executable, "-c", child], stderr=subprocess.PIPE, text=True).stderr.split()[-1])
"""
    assert run(code).split() == ["refused", "permitted"]


def test_io_uring_is_refused() -> None:
    assert run("sandbox.deny_sockets(); print(sandbox.ctypes.CDLL(None, use_errno=True).syscall(425, 1, 0))") == "-1"


def test_writes_are_restricted_to_the_given_places(tmp_path: Path) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    allowed.mkdir()
    other.mkdir()
    (other / "kept").write_text("content")
    code = """
allowed, other = map(Path, sys.argv[1:])
if not sandbox.restrict_writes([allowed], [Path(os.devnull)]):
    raise SystemExit("no Landlock")
(allowed / "new").write_text("x")
subprocess.run([sys.executable, "-c", ""], stdout=subprocess.DEVNULL, check=True)
for change in (lambda: (other / "new").write_text("x"), lambda: (other / "kept").write_text("x"),
               lambda: (other / "kept").unlink(), lambda: (other / "folder").mkdir()):
    try:
        change()
    except PermissionError:
        print("refused")
print((other / "kept").read_text())
"""
    if not _has_landlock():
        pytest.skip("this kernel has no Landlock")
    assert run(code, allowed, other).split() == ["refused"] * 4 + ["content"]


def _has_landlock() -> bool:
    code = "print(sandbox.ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1))"
    return int(run(code)) > 0


@pytest.mark.parametrize("is_required", [True, False])
async def test_a_worker_without_isolation_starts_only_if_that_is_allowed(
    soundfont, worker_options, monkeypatch, tmp_path, is_required
) -> None:
    # The process of the worker imports this module first, and cannot isolate itself.
    (tmp_path / "sitecustomize.py").write_text(
        "import euterpe_service_kit.sandbox as s\ns.deny_sockets = s.isolate_network = lambda: False\n"
    )
    environment = dict(CHILD_ENVIRONMENT) | {"PYTHONPATH": str(tmp_path)}
    monkeypatch.setattr("euterpe_converter.rendering.synth_worker.CHILD_ENVIRONMENT", environment)
    options = replace(worker_options, require_sandbox=is_required)
    if is_required:
        with pytest.raises(SandboxMissing, match="EUTERPE_CONVERTER_SANDBOX_REQUIRED"):
            await SynthWorker.start(soundfont, options)
    else:
        worker = await SynthWorker.start(soundfont, options)
        await worker.close()
