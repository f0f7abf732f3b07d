"""The command line `euterpe` on the running product."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


class Shell:
    """Runs commands in a working directory with a stored login."""

    def __init__(self, directory: Path, server: str) -> None:
        self.directory = directory
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "XDG_CONFIG_HOME": str(directory / "config"),
            "EUTERPE_SERVER": server,
        }

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "euterpe"), *arguments]
        return subprocess.run(
            command, input=stdin, env=self._environment, cwd=self.directory, capture_output=True, text=True, check=False
        )

    def ok(self, *arguments: str, stdin: str = "") -> str:
        done = self(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def shell(tmp_path: Path, product: Any) -> Shell:
    return Shell(tmp_path, product.url)


def test_from_the_account_to_the_mp3(shell: Shell) -> None:
    shell.ok("register", "robert", "--password-stdin", stdin="Kinderszenen op. 15\n")
    shell.ok("logout")
    refused = shell("songs")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert shell("login", "robert", "--password-stdin", stdin="wrong password\n").returncode == 1
    shell.ok("login", "robert", "--password-stdin", stdin="Kinderszenen op. 15\n")

    made = json.loads(
        shell.ok("compose", "--seed", "5", "--length", "80", "--title", "Träumerei", "--out", "a.mp3", "--json")
    )
    assert (made["status"], made["seed"], made["file"]) == ("succeeded", 5, "a.mp3")
    assert (shell.directory / "a.mp3").read_bytes()[:3] in (b"ID3", b"\xff\xfb\xb0", b"\xff\xfb\xb2")

    (song,) = json.loads(shell.ok("songs", "--search", "traum", "--json"))
    assert song["id"] == made["song_id"]
    assert song["title"] in shell.ok("songs")
    shell.ok("download", song["id"], "--format", "mid")
    shell.ok("download", song["id"], "--out", "b.flac")
    assert (shell.directory / "Träumerei.mid").read_bytes()[:4] == b"MThd"
    assert (shell.directory / "b.flac").read_bytes()[:4] == b"fLaC"


def test_without_an_account(shell: Shell) -> None:
    shell.ok("compose", "--length", "60", "--out", "piece.wav")
    assert (shell.directory / "piece.wav").read_bytes()[:4] == b"RIFF"
    assert sorted(path.name for path in shell.directory.iterdir()) == ["piece.wav"]


def test_error_is_one_sentence(shell: Shell) -> None:
    for arguments in (["compose", "--length", "999999"], ["compose", "--model", "no-such-model"]):
        done = shell(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("euterpe: ")
        assert done.stderr.count("\n") == 1
    assert shell("compose", "--format", "aiff").returncode == 2
