"""An ended process is restarted; one that was never ready is reported with its log."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from euterpe_stack.process import ManagedProcess, ProcessFailedError
from euterpe_stack.supervised_process import SupervisedProcess


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ManagedProcess]:
    process = ManagedProcess("sleeper", ["sleep", "60"], log=tmp_path / "log")
    yield process
    process.kill()


def check_until(supervised: SupervisedProcess, reports: list[str], count: int) -> None:
    deadline = time.monotonic() + 20
    while len(reports) < count and time.monotonic() < deadline:
        supervised.check(reports.append)
        time.sleep(0.01)


def test_a_killed_process_is_restarted(sleeper: ManagedProcess, reports: list[str]) -> None:
    supervised = SupervisedProcess("sleeper", sleeper.start, lambda: True, lambda: sleeper)
    supervised.start()
    supervised.check(reports.append)
    assert supervised.ready
    first = sleeper.pid
    for times in (1, 2):
        sleeper.kill()
        check_until(supervised, reports, 2 * times)
    assert sleeper.is_running()
    assert sleeper.pid != first
    assert [line.split(";")[0] for line in reports] == [
        "sleeper ended with status -9",
        "sleeper is ready again.",
    ] * 2
    assert "0.2 s" in reports[0]
    assert "0.4 s" in reports[2]


def test_a_process_that_was_never_ready_fails(tmp_path: Path, reports: list[str]) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no model in models/')"]
    process = ManagedProcess("generator", command, log=tmp_path / "log")
    supervised = SupervisedProcess("generator", process.start, lambda: False, lambda: process)
    supervised.start()
    with pytest.raises(ProcessFailedError, match=r"generator does not start.*\n.*no model in models/"):
        check_until(supervised, reports, 99)


def test_a_process_that_was_not_launched_needs_no_stop(reports: list[str]) -> None:
    def fail() -> None:
        raise ProcessFailedError("initdb failed")

    def not_started() -> ManagedProcess:
        raise ProcessFailedError("postgres was not started")

    supervised = SupervisedProcess("postgres", fail, lambda: False, not_started)
    with pytest.raises(ProcessFailedError, match="initdb"):
        supervised.start()
    supervised.request_stop()
    supervised.stop(1)
