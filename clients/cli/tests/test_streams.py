"""Standard input, output and error that are closed, full, or limited to few characters."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
SONG = {
    "id": "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f", "title": "Träumerei ♪ 𝄞", "duration_seconds": 61.5, "model": None,
    "model_version": None, "created_at": "2026-09-13T12:00:00Z",
}  # fmt: skip
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def logged_in(run: Run, server: Any) -> None:
    run("login", "clara", "--password-stdin", stdin="right\n")
    server.songs = [SONG]
    server.title = SONG["title"]


@pytest.mark.parametrize(
    ("environment", "title"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "Tr?umerei ? ?"),
        ({"PYTHONIOENCODING": "latin-1"}, "Träumerei ? ?"),
        (ASCII, "Tr?umerei ? ?"),
    ],
)
@pytest.mark.usefixtures("logged_in")
def test_characters_that_the_encoding_lacks_are_replaced(shell: Run, environment: dict[str, str], title: str) -> None:
    done = shell("euterpe songs && euterpe compose && euterpe songs --json", **environment)
    assert done.status == 0, done.err
    table, _, json_line = done.out.strip().rpartition("\n")
    assert title in table
    assert json.loads(json_line)[0]["title"] == SONG["title"]
    assert title in done.err


@pytest.mark.usefixtures("logged_in")
def test_file_name_follows_the_encoding_of_the_file_system(shell: Run, work: Path) -> None:
    assert shell("euterpe compose", **ASCII).status == 0
    assert [path.name for path in work.iterdir()] == ["Tr-umerei.mid"]


@pytest.mark.parametrize(
    "command", ["songs", "songs --json", "compose --json", "compose --out -", "compare --out x", "--help"]
)
@pytest.mark.usefixtures("logged_in")
def test_full_output_is_an_error(shell: Run, command: str) -> None:
    done = shell(f"euterpe {command} > /dev/full")
    assert done.status == 1
    assert done.err == "euterpe: The standard output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("command", ["songs", "songs --json", "compose --json", "compose --out -"])
@pytest.mark.usefixtures("logged_in")
def test_closed_output_is_an_error(shell: Run, server: Any, command: str) -> None:
    done = shell(f"euterpe {command} >&-")
    assert done.status == 1
    assert done.err == "euterpe: The standard output is closed; open it or name a file with --out.\n"
    assert not server.requests("POST", "/generations")


@pytest.mark.parametrize("command", ["compose --out -", "compose --json"])
def test_reader_that_stops_early_causes_no_message(shell: Run, command: str) -> None:
    done = shell(f"euterpe {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.status, done.out, done.err) == (1, "", "")


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_written_are_ignored(shell: Run, work: Path, redirection: str) -> None:
    done = shell(f"euterpe compose {redirection} && euterpe compose --length 9999 {redirection}")
    assert (done.status, done.out, done.err) == (1, "", "")
    assert [path.name for path in work.iterdir()] == ["Dawn.mid"]


@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        ("<&-", "The standard input is closed"),
        ("< /dev/null", "The standard input is empty"),
        ("< /dev/zero", "The password must be at most 10000 characters"),
        ("<<< $'\\xff'", "The standard input cannot be read as text"),
    ],
)
def test_unreadable_password_is_reported(shell: Run, server: Any, redirection: str, message: str) -> None:
    done = shell(f"euterpe login clara --password-stdin {redirection}")
    assert done.status == 1
    assert done.err.startswith(f"euterpe: {message}")
    assert not server.received
