"""What `--out` may name: regular files, links, devices, pipes and directories."""

import os
import pty
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def names(directory: str = ".") -> list[str]:
    return sorted(path.name for path in Path(directory).iterdir())


def test_device_is_written_in_place(run: Run, server: Any) -> None:
    master, slave = pty.openpty()
    path = os.ttyname(slave)
    try:
        assert run("compose", "--out", path).status == 0
        assert os.read(master, 100).startswith(b"MThd")
        assert stat.S_ISCHR(Path(path).stat().st_mode)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser creates device files")
def test_null_device_is_not_replaced(run: Run, work: Path) -> None:
    os.mknod("null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    assert run("compose", "--out", "null").status == 0
    assert stat.S_ISCHR(Path("null").stat().st_mode)
    assert names() == ["null"]


def test_named_pipe_is_written_in_place(run: Run, server: Any) -> None:
    os.mkfifo("pipe")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(Path("pipe").read_bytes()), daemon=True)
    reader.start()
    assert run("compose", "--out", "pipe").status == 0
    reader.join(30)
    assert received == [server.midi]
    assert Path("pipe").is_fifo()


@pytest.mark.parametrize("exists", [True, False])
def test_link_is_followed(run: Run, server: Any, exists: bool) -> None:
    Path("directory").mkdir()
    target = Path("directory/piece.mid")
    if exists:
        target.write_bytes(b"a longer file that was here before the piece" * 10)
    Path("link").symlink_to(target)
    assert run("compose", "--out", "link").status == 0
    assert Path("link").is_symlink()
    assert target.read_bytes() == server.midi
    assert names("directory") == ["piece.mid"]


def test_default_name_does_not_follow_a_link(run: Run, server: Any) -> None:
    Path("Dawn.mid").symlink_to("elsewhere")
    assert run("compose").status == 0
    assert Path("Dawn-2.mid").read_bytes() == server.midi
    assert not Path("elsewhere").exists()


@pytest.mark.parametrize("out", ["piece.mid", "link"])
def test_read_only_file_is_reported_before_composing(run: Run, server: Any, out: str) -> None:
    Path("piece.mid").write_bytes(b"keep")
    Path("piece.mid").chmod(0o444)
    Path("link").symlink_to("piece.mid")
    done = run("compose", "--out", out)
    assert (done.status, done.err) == (
        1,
        f"euterpe: {out} is read-only; change its permissions or name another file with --out.\n",
    )
    assert Path("piece.mid").read_bytes() == b"keep"
    assert not server.received


@pytest.mark.parametrize(
    "out",
    [
        "/proc/piece.mid",
        "file/piece.mid",
        "missing/piece.mid",
        "directory",
        "loop",
        "link-to-nowhere",
        "é" * 128,
        "socket",
    ],
)
def test_unwritable_path_is_reported_before_composing(run: Run, server: Any, out: str) -> None:
    Path("file").touch()
    Path("directory").mkdir()
    Path("loop").symlink_to("loop")
    Path("link-to-nowhere").symlink_to("/proc/missing/file")
    os.mknod("socket", 0o666 | stat.S_IFSOCK)
    before = names()
    done = run("compose", "--out", out)
    assert done.status == 1
    assert done.err.startswith(f"euterpe: {out} ")
    assert done.err.count("\n") == 1
    assert not server.received
    assert names() == before


@pytest.mark.parametrize(
    "command", [["compose"], ["compare", "--out", "/proc/compared"], ["compare", "--out", "/proc"]]
)
def test_unwritable_directory_is_reported_before_composing(
    run: Run, server: Any, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir("/proc")
    done = run(*command)
    assert done.status == 1
    assert "cannot be written" in done.err
    assert not server.received


def test_replaced_file_keeps_its_permissions(run: Run, server: Any) -> None:
    Path("piece.mid").write_bytes(b"old")
    Path("piece.mid").chmod(0o640)
    assert run("compose", "--out", "piece.mid").status == 0
    assert Path("piece.mid").read_bytes() == server.midi
    assert stat.S_IMODE(Path("piece.mid").stat().st_mode) == 0o640


def test_file_that_breaks_off_leaves_the_old_one(run: Run, server: Any, work: Path) -> None:
    Path("piece.mp3").write_bytes(b"old")
    server.break_downloads = True
    done = run("compose", "--out", "piece.mp3")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert Path("piece.mp3").read_bytes() == b"old"
    assert names() == ["piece.mp3"]


def test_longest_file_name_is_written(run: Run, server: Any) -> None:
    name = "n" * 251 + ".mid"
    assert run("compose", "--out", name).status == 0
    assert Path(name).read_bytes() == server.midi


@pytest.mark.parametrize("title", ["𝄞" * 100, "𠀀" * 100, "é" * 200, "..", "/", "\u202e\n"])
def test_every_title_gives_a_file_name(run: Run, server: Any, work: Path, title: str) -> None:
    server.title = title
    assert run("compose").status == 0
    assert run("compose").status == 0
    second, first = names()
    assert first.endswith(".mid")
    assert second.endswith("-2.mid")
    assert max(len(name.encode()) for name in (first, second)) <= 255


def test_compared_pieces_do_not_replace_each_other(run: Run, work: Path) -> None:
    assert run("compare", "--out", "out", "--way", "top_k", "--way", "top-k", "--way", "音").status == 0
    assert sorted(path.name for path in (work / "out").glob("*.mid")) == ["piece.mid", "top-k-2.mid", "top-k.mid"]
