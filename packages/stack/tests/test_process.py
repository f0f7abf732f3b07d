"""Child processes end with their parent."""

import os
import subprocess
import sys
import time
from pathlib import Path

from euterpe_stack.process import ManagedProcess

PARENT = """
import sys, time
from pathlib import Path
from euterpe_stack.process import ManagedProcess
child = ManagedProcess("child", ["sleep", "60"], log=Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


def test_a_process_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    process = ManagedProcess("deaf", [sys.executable, "-c", script], log=tmp_path / "log")
    process.start()
    process.wait_until(lambda: "deaf" in process.log_tail(), seconds=20)
    process.request_stop()
    process.wait_stopped(0.2)
    assert process.exit_code() == -9


def test_the_environment_is_not_inherited(tmp_path: Path) -> None:
    process = ManagedProcess("env", ["env"], log=tmp_path / "log", env={"ONLY": "this", "PATH": os.defpath})
    process.start()
    process.wait_stopped(20)
    assert {line.partition("=")[0] for line in process.log_tail().splitlines()} == {"ONLY", "PATH"}
