"""Results of the commands: files, output, exit status and requests."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

SONG = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"


def test_compose_without_login_saves_the_piece(run: Run, server: Any) -> None:
    done = run("compose", "--seed", "7", "--length", "50", "--title", "Dawn")
    assert (done.status, done.out) == (0, "")
    assert "Dawn" in done.err
    assert Path("Dawn.mid").read_bytes() == server.midi
    ((headers, body),) = server.requests("POST", "/generations")
    assert json.loads(body) == {"seed": 7, "length": 50, "title": "Dawn"}
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("environment", "options", "language"),
    [
        ({"LANG": "es_ES.UTF-8"}, [], "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C"}, [], None),
        ({"LANG": "es_ES.UTF-8"}, ["--language", "en"], "en"),
        ({"LANG": "et_EE.UTF-8"}, [], None),
    ],
)
def test_default_titles_have_the_language_of_the_locale(
    run: Run,
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: list[str],
    language: str,
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run("compose", *options).status == 0
    ((_, body),) = server.requests("POST", "/generations")
    assert json.loads(body).get("language") == language


def test_compose_does_not_replace_files(run: Run) -> None:
    run("compose")
    run("compose")
    assert sorted(path.name for path in Path().iterdir()) == ["Dawn-2.mid", "Dawn.mid"]


def test_audio_without_login_is_converted_from_midi(run: Run, server: Any) -> None:
    assert run("compose", "--out", "piece.MP3").status == 0
    assert Path("piece.MP3").read_bytes() == b"audio of /conversions"
    ((_, body),) = server.requests("POST", "/conversions")
    assert server.midi in body
    assert b"mp3" in body


def test_audio_with_login_is_that_of_the_song(run: Run, server: Any) -> None:
    server.states[-1] = ("done", server.generation("succeeded", 1, song_id=SONG))
    run("login", "clara", "--password-stdin", stdin="right\n")
    assert run("compose", "--format", "flac", "--out", "x").status == 0
    assert Path("x").read_bytes() == f"audio of /audio/{SONG}.flac".encode()
    assert not server.requests("POST", "/conversions")


def test_json_is_the_only_output(run: Run) -> None:
    done = run("compose", "--json")
    answer = json.loads(done.out)
    assert (answer["status"], answer["seed"], answer["file"]) == ("succeeded", 7, "Dawn.mid")
    assert done.err == ""


def test_a_description_becomes_the_request_and_options_win(run: Run, server: Any) -> None:
    done = run("compose", "a sad rainy waltz in D minor", "--set", "tempo=60", "--seed", "7")
    assert done.status == 0
    [(_, body)] = server.requests("POST", "/generations")
    sent = json.loads(body)
    assert (sent["model"], sent["seed"], sent["parameters"]) == ("folk", 7, {"style": "waltzes", "tempo": 60})
    assert "waltz: style waltzes\n" in done.err
    assert "folk cannot follow: D minor\nNot understood: rainy\n" in done.err


def test_compose_writes_to_standard_output(run: Run, server: Any) -> None:
    done = run("compose", "--out", "-")
    assert done.out.encode() == server.midi
    assert not list(Path().iterdir())


def test_broken_event_stream_is_resumed(run: Run, server: Any) -> None:
    server.break_stream_after = 2
    assert run("compose").status == 0
    first, second = (headers for headers, _ in server.requests("GET", "/generations/g1/events?notes=false"))
    assert "last-event-id" not in first
    assert second["last-event-id"] == "1"


def test_unknown_events_are_skipped(run: Run, server: Any) -> None:
    server.states.insert(1, ("notes", {"notes": [1, 2, 3]}))
    assert run("compose").status == 0


def test_request_is_repeated_with_the_same_key(run: Run, server: Any) -> None:
    server.unavailable_posts = 1
    assert run("compose").status == 0
    first, second = (headers["idempotency-key"] for headers, _ in server.requests("POST", "/generations"))
    assert first == second


def test_error_of_the_server_is_printed(run: Run) -> None:
    done = run("compose", "--length", "9999")
    assert (done.status, done.out, done.err) == (1, "", "euterpe: length must be at most 2000 events, got 9999\n")
    assert not list(Path().iterdir())


def test_failed_generation_is_reported_with_its_reason(run: Run, server: Any) -> None:
    server.states[-1] = ("failed", server.generation("failed", 0.5, failure="The model was removed."))
    done = run("compose")
    assert (done.status, done.err) == (1, "euterpe: The model was removed.\n")


def test_interrupt_cancels_the_generation(work: Path, server: Any) -> None:
    server.hold_streams = threading.Event()
    command = [sys.executable, "-m", "euterpe_cli", "compose"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert server.streams_held.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        server.hold_streams.set()
    assert (process.returncode, err) == (130, "Cancelled.\n")
    assert server.requests("DELETE", "/generations/g1")
    assert not list(work.iterdir())


def test_login_is_readable_by_its_owner_only_and_deleted_by_logout(run: Run, server: Any, tmp_path: Path) -> None:
    assert run("register", "clara", "--password-stdin", stdin="right\n").status == 0
    file = tmp_path / "config" / "euterpe" / "credentials.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "right" not in file.read_text()
    assert "clara" in run("logout").err
    ((_, body),) = server.requests("POST", "/auth/logout")
    assert json.loads(body) == {"refresh_token": server.valid_refresh}
    assert json.loads(file.read_text()) == {}
    assert run("songs").status == 1


def test_register_prints_recovery_codes_and_a_second_factor_is_passed_on(run: Run, server: Any) -> None:
    assert "7KXM-2PQR" in run("register", "clara", "--password-stdin", stdin="right\n").err
    missing = run("login", "eusebius", "--password-stdin", stdin="right\n")
    assert (missing.status, missing.err) == (1, "euterpe: This account needs a code; pass it with --code.\n")
    assert run("login", "eusebius", "--password-stdin", "--code", "492039", stdin="right\n").status == 0
    assert run("songs").status == 0


def test_tokens_are_sent_to_their_server_only(run: Run, other_server: Any) -> None:
    run("login", "clara", "--password-stdin", stdin="right\n")
    assert run("compose", "--server", other_server.url).status == 0
    assert all("authorization" not in headers for _, _, headers, _ in other_server.received)


@pytest.mark.parametrize(
    ("command", "message"), [("login", "Wrong name or password."), ("register", "The name is taken.")]
)
def test_refused_login_stores_no_credentials(run: Run, tmp_path: Path, command: str, message: str) -> None:
    done = run(command, "robert", "--password-stdin", stdin="wrong\n")
    assert (done.status, done.err) == (1, f"euterpe: {message}\n")
    assert not (tmp_path / "config" / "euterpe" / "credentials.json").exists()


def test_expiring_token_is_renewed_once(run: Run, server: Any) -> None:
    server.access_seconds = 10
    run("login", "clara", "--password-stdin", stdin="right\n")
    server.access_seconds = 600
    assert run("songs").status == 0
    assert run("songs").status == 0
    assert len(server.requests("POST", "/auth/refresh")) == 1


def test_login_that_cannot_be_renewed_is_deleted(run: Run, server: Any) -> None:
    server.access_seconds = 10
    run("login", "clara", "--password-stdin", stdin="right\n")
    server.valid_refresh = "another token"
    done = run("songs")
    assert (done.status, done.err) == (1, "euterpe: Your login has expired; log in again with `euterpe login`.\n")
    assert "not logged in" in run("songs").err


def test_songs_lists_several_pages(run: Run, server: Any) -> None:
    server.songs = [
        {
            "id": f"{SONG[:-1]}{number}",
            "title": f"Song [{number}]",
            "duration_seconds": 61.5,
            "model": "crnngan",
            "model_version": "1.0.0",
            "created_at": "2026-09-13T12:00:00Z",
        }
        for number in range(5)
    ]
    run("login", "clara", "--password-stdin", stdin="right\n")
    table = run("songs", "--search", "so ng").out
    assert all(song["title"] in table and song["id"] in table for song in server.songs)
    assert "1:01" in table
    assert json.loads(run("songs", "--json", "--limit", "3").out)[0]["title"] == "Song [0]"
    assert any("q=so+ng" in path for _, path, _, _ in server.received)


def test_download_names_the_file_after_the_title(run: Run, server: Any) -> None:
    run("login", "clara", "--password-stdin", stdin="right\n")
    assert run("download", SONG, "--format", "mp3").status == 0
    assert Path("Dawn-Abend.mp3").read_bytes() == f"audio of /audio/{SONG}.mp3".encode()
    assert run("download", SONG, "--out", "score.pdf").status == 0
    assert Path("score.pdf").read_bytes() == f"audio of /scores/{SONG}.pdf".encode()
    assert run("download", SONG, "--stems", "flac").status == 0
    assert Path("Dawn-Abend.zip").read_bytes() == f"audio of /stems/{SONG}.zip?format=flac".encode()
    assert run("download", SONG, "--out", "x.mid").status == 0
    assert Path("x.mid").read_bytes() == server.midi


@pytest.mark.parametrize(
    "arguments",
    [
        ["download", "not-an-id"],
        ["compose", "--format", "aiff"],
        ["compose", "--length", "long"],
        ["compose", "--server", "localhost:8080"],
        ["songs", "--limit", "0"],
        ["compose", "--server", "http://127.0.0.1:99999"],
        ["unknown-command"],
    ],
)
def test_invalid_arguments_end_with_status_two(run: Run, server: Any, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.status == 2
    assert done.err
    assert not server.received


@pytest.mark.parametrize("out", ["missing/piece.mid", "."])
def test_impossible_file_is_reported_before_composing(run: Run, server: Any, out: str) -> None:
    done = run("compose", "--out", out)
    assert done.status == 1
    assert "--out" in done.err
    assert not server.received


def test_unreachable_server_is_named(run: Run, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    done = run("login", "clara", "--password-stdin", "--server", url, stdin="right\n")
    assert done.status == 1
    assert done.err.startswith(f"euterpe: {url} cannot be reached: Connection refused. Check")
    assert done.err.count("\n") == 1


def test_damaged_credentials_are_reported(run: Run, server: Any, tmp_path: Path) -> None:
    file = tmp_path / "config" / "euterpe" / "credentials.json"
    file.parent.mkdir(parents=True)
    entry = {"username": "clara", "access_token": "a\nb", "expires_at": 9e9, "refresh_token": "r"}
    for content in ("{", "[]", "\xff", json.dumps({server.url: entry}), json.dumps({server.url: {"username": 1}})):
        file.write_text(content, encoding="latin-1")
        done = run("songs")
        assert (done.status, done.err) == (1, f"euterpe: {file} is damaged; delete it and log in again.\n")


def test_compose_sends_parameters_and_prompt(run: Run, server: Any) -> None:
    Path("prompt.mid").write_bytes(b"MThd")
    assert run("compose", "--set", "bars=8", "--set", "key=D major", "--set", "temperature=0.65",
               "--prompt", "prompt.mid", "--prompt-bars", "2").status == 0  # fmt: skip
    body = json.loads(server.requests("POST", "/generations")[0][1])
    assert body["parameters"] == {"bars": 8, "key": "D major", "temperature": 0.65}
    assert body["prompt"] == {"midi": "TVRoZA==", "bars": 2}
    assert run("compose", "--prompt", SONG).status == 0
    assert json.loads(server.requests("POST", "/generations")[1][1])["prompt"] == {"song_id": SONG}


def test_compose_changes_or_accompanies_a_prompt(run: Run, server: Any) -> None:
    assert run("compose", "--prompt", SONG, "--replace", "5-8", "--tracks", "1,3").status == 0
    assert run("compose", "--prompt", SONG, "--accompany", "--set", "parts=violin, cello").status == 0
    replaced, accompanied = (json.loads(body) for _, body in server.requests("POST", "/generations"))
    assert replaced["prompt"] == {"song_id": SONG, "use": "replace", "first_bar": 5, "last_bar": 8, "tracks": [1, 3]}
    assert accompanied["prompt"] == {"song_id": SONG, "use": "accompany"}
    assert accompanied["parameters"] == {"parts": "violin, cello"}


def test_compare_saves_pieces_and_piano_rolls(run: Run, server: Any) -> None:
    done = run(
        "compare", "--out", "parent/compared", "--seed", "3", "--way", "greedy", "--way", "strategy=top_k,top_k=5"
    )
    assert done.status == 0, done.err
    assert sorted(path.name for path in Path("parent/compared").iterdir()) == [
        "greedy.mid", "greedy.svg", "strategy-top-k-top-k-5.mid", "strategy-top-k-top-k-5.svg",
    ]  # fmt: skip
    assert "Loop from bar" in done.out
    body = json.loads(server.requests("POST", "/comparisons")[0][1])
    assert body["seed"] == 3
    assert body["variants"][1] == {"label": "strategy=top_k,top_k=5", "parameters": {"strategy": "top_k", "top_k": 5}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "bars"], "NAME=VALUE"),
        (["--prompt", "missing.mid"], "missing.mid"),
        (["--prompt-bars", "2"], "--prompt"),
        (["--replace", "2-3"], "--prompt"),
        (["--prompt", SONG, "--replace", "two"], "bars such as 5-8"),
        (["--prompt", SONG, "--replace", "2", "--tracks", "x"], "tracks such as 1,3"),
        (["--prompt", SONG, "--tracks", "1"], "--replace"),
        (["--prompt", SONG, "--replace", "2", "--accompany"], "cannot be combined"),
        (["--prompt", "/dev/zero"], "must be at most 10000000 bytes"),
        (["--set", "tempo=nan"], "tempo must be a finite number, got nan"),
        (["--set", "tempo=-inf"], "tempo must be a finite number, got -inf"),
        (["--set", "tempo=1e999"], "tempo must be a finite number, got 1e999"),
        (["--title", "\udcff"], "not valid text"),
    ],
)
def test_invalid_option_is_named(run: Run, server: Any, options: list[str], message: str) -> None:
    done = run("compose", *options)
    assert done.status == 2
    assert message in done.err
    assert not server.requests("POST", "/generations")
