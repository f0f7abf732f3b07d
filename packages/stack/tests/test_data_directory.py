"""One supervisor per directory, and none before the children of the previous one have ended."""

import os
import subprocess
from pathlib import Path

import pytest
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.errors import StackError


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    first, second = DataDirectory(tmp_path / "var"), DataDirectory(tmp_path / "var")
    first.acquire()
    with pytest.raises(StackError, match=rf"^Euterpe is already running in {tmp_path}/var; .*EUTERPE_DATA"):
        second.acquire()
    second.release()
    DataDirectory(tmp_path / "elsewhere").acquire()
    first.release()
    second.acquire()
    second.release()


def test_acquire_waits_for_children_of_a_killed_supervisor(tmp_path: Path) -> None:
    killed, next_one = DataDirectory(tmp_path), DataDirectory(tmp_path)
    killed.acquire()
    child = subprocess.Popen(["sleep", "60"], pass_fds=[killed.children_lock])
    killed.release()
    try:
        with pytest.raises(StackError, match="do not end"):
            next_one.acquire(seconds=0.2)
        next_one.release()
    finally:
        child.kill()
        child.wait()
    next_one.acquire(seconds=20)
    next_one.release()


def test_an_unusable_path_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"EUTERPE_DATA is .* which cannot be created"):
        DataDirectory(tmp_path / "file" / "var").acquire()


def test_a_large_log_is_renamed(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    data.acquire()
    log = data.log("auth")
    log.write_text("small")
    assert data.log("auth").read_text() == "small"
    os.truncate(log, 11_000_000)
    assert not data.log("auth").exists()
    assert (data.logs / "auth.log.1").stat().st_size == 11_000_000
    data.release()
