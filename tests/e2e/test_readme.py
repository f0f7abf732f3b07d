"""The commands of the README."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

README = Path(__file__).parents[2] / "README.md"


def commands(first_word: str) -> list[str]:
    """Return the shell lines of the README that begin with a word, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.S)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(first_word)]


@pytest.fixture
def run(product: Any, tmp_path: Path) -> Any:
    """Returns a function that runs a line in an empty directory against the running product."""
    environment = os.environ | {"EUTERPE_SERVER": product.url, "XDG_CONFIG_HOME": str(tmp_path)}
    binaries = Path(sys.executable).parent

    def run_line(line: str, typed: str = "") -> str:
        line = line.replace(".venv/bin/", f"{binaries}/").replace("http://localhost:8080", product.url)
        done = subprocess.run(
            line, shell=True, input=typed, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run_line


def test_command_lines(run: Any, tmp_path: Path) -> None:
    register, compose, songs = commands(".venv/bin/euterpe")
    run(f"{register} --password-stdin", "a password of the test's\n")
    run(compose)
    assert "Dawn" in run(songs)
    audio = (tmp_path / "dawn.mp3").read_bytes()
    assert audio[:3] == b"ID3" or audio[0] == 0xFF
    assert len(audio) > 50_000


def test_http_request(run: Any) -> None:
    [curl] = commands("curl")
    piece = json.loads(run(curl))
    assert (piece["status"], piece["seed"], piece["model"]) == ("succeeded", 7, "ensemble")
    assert piece["parameters"]["bars"] == 16
