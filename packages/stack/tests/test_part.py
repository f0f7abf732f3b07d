"""A part that ends is started again, one that never worked is given up with its log."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from euterpe_stack.part import Part
from euterpe_stack.process import ManagedProcess, ProcessFailedError


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ManagedProcess]:
    process = ManagedProcess("sleeper", ["sleep", "60"], log=tmp_path / "log")
    yield process
    process.kill()


def look_until(part: Part, said: list[str], seen: int) -> None:
    deadline = time.monotonic() + 20
    while len(said) < seen and time.monotonic() < deadline:
        part.look(said.append)
        time.sleep(0.01)


def test_a_killed_process_comes_back(sleeper: ManagedProcess, said: list[str]) -> None:
    part = Part("sleeper", sleeper.start, lambda: True, lambda: sleeper)
    part.start()
    part.look(said.append)
    assert part.ready
    first = sleeper.pid
    for times in (1, 2):
        sleeper.kill()
        look_until(part, said, 2 * times)
    assert sleeper.running()
    assert sleeper.pid != first
    assert [line.split(";")[0] for line in said] == [
        "sleeper ended with status -9",
        "sleeper is ready again.",
    ] * 2
    assert "0.2 s" in said[0]
    assert "0.4 s" in said[2]


def test_one_that_never_worked_is_given_up(tmp_path: Path, said: list[str]) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no model in models/')"]
    process = ManagedProcess("generator", command, log=tmp_path / "log")
    part = Part("generator", process.start, lambda: False, lambda: process)
    part.start()
    with pytest.raises(ProcessFailedError, match=r"generator does not start.*\n.*no model in models/"):
        look_until(part, said, 99)


def test_one_that_could_not_be_launched_needs_no_stop(said: list[str]) -> None:
    def fail() -> None:
        raise ProcessFailedError("initdb failed")

    def never_made() -> ManagedProcess:
        raise ProcessFailedError("postgres was not started")

    part = Part("postgres", fail, lambda: False, never_made)
    with pytest.raises(ProcessFailedError, match="initdb"):
        part.start()
    part.request_stop()
    part.stop(1)
