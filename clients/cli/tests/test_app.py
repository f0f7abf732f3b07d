"""What somebody at a terminal, or a script, gets from the commands."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

SONG = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"


def test_a_piece_is_saved_without_a_login(run: Run, server: Any) -> None:
    done = run("compose", "--seed", "7", "--length", "50", "--title", "Dawn")
    assert (done.status, done.out) == (0, "")
    assert "Dawn" in done.err
    assert Path("Dawn.mid").read_bytes() == server.midi
    ((headers, body),) = server.requests("POST", "/generations")
    assert json.loads(body) == {"seed": 7, "length": 50, "title": "Dawn"}
    assert "authorization" not in headers


def test_a_second_piece_does_not_replace_the_first(run: Run) -> None:
    run("compose")
    run("compose")
    assert sorted(path.name for path in Path().iterdir()) == ["Dawn-2.mid", "Dawn.mid"]


def test_audio_without_a_login_is_converted_from_the_midi(run: Run, server: Any) -> None:
    assert run("compose", "--out", "piece.MP3").status == 0
    assert Path("piece.MP3").read_bytes() == b"audio of /conversions"
    ((_, body),) = server.requests("POST", "/conversions")
    assert server.midi in body
    assert b"mp3" in body


def test_audio_with_a_login_is_that_of_the_song(run: Run, server: Any) -> None:
    server.states[-1] = ("done", server.generation("succeeded", 1, song_id=SONG))
    run("login", "clara", "--password-stdin", stdin="right\n")
    assert run("compose", "--format", "flac", "--out", "x").status == 0
    assert Path("x").read_bytes() == f"audio of /audio/{SONG}.flac".encode()
    assert not server.requests("POST", "/conversions")


def test_a_script_gets_json_and_nothing_else(run: Run) -> None:
    done = run("compose", "--json")
    answer = json.loads(done.out)
    assert (answer["status"], answer["seed"], answer["file"]) == ("succeeded", 7, "Dawn.mid")
    assert done.err == ""


def test_the_piece_itself_can_go_to_a_pipe(run: Run, server: Any) -> None:
    done = run("compose", "--out", "-")
    assert done.out.encode() == server.midi
    assert not list(Path().iterdir())


def test_a_broken_stream_is_resumed_where_it_broke(run: Run, server: Any) -> None:
    server.break_stream_after = 2
    assert run("compose").status == 0
    first, second = (headers for headers, _ in server.requests("GET", "/generations/g1/events?notes=false"))
    assert "last-event-id" not in first
    assert second["last-event-id"] == "1"


def test_events_of_kinds_that_come_later_are_passed_over(run: Run, server: Any) -> None:
    server.states.insert(1, ("notes", {"notes": [1, 2, 3]}))
    assert run("compose").status == 0


def test_an_order_is_repeated_under_the_same_key(run: Run, server: Any) -> None:
    server.unavailable_posts = 1
    assert run("compose").status == 0
    first, second = (headers["idempotency-key"] for headers, _ in server.requests("POST", "/generations"))
    assert first == second


def test_a_refusal_is_told_in_the_servers_words(run: Run) -> None:
    done = run("compose", "--length", "9999")
    assert (done.status, done.out, done.err) == (1, "", "euterpe: length: must be at most 2000\n")
    assert not list(Path().iterdir())


def test_a_failure_is_told_with_its_reason(run: Run, server: Any) -> None:
    server.states[-1] = ("failed", server.generation("failed", 0.5, failure="The model is gone."))
    done = run("compose")
    assert (done.status, done.err) == (1, "euterpe: The model is gone.\n")


def test_interrupting_cancels(run: Run, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("euterpe_cli.events.parse", interrupt)
    done = run("compose")
    assert (done.status, done.err) == (130, "Cancelled.\n")
    assert server.requests("DELETE", "/generations/g1")
    assert not list(Path().iterdir())


def test_a_login_is_kept_for_its_owner_alone_and_forgotten_on_request(run: Run, server: Any, tmp_path: Path) -> None:
    assert run("register", "clara", "--password-stdin", stdin="right\n").status == 0
    file = tmp_path / "config" / "euterpe" / "credentials.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "right" not in file.read_text()
    assert "clara" in run("logout").err
    ((_, body),) = server.requests("POST", "/auth/logout")
    assert json.loads(body) == {"refresh_token": server.valid_refresh}
    assert json.loads(file.read_text()) == {}
    assert run("songs").status == 1


def test_tokens_go_to_no_other_server(run: Run, other_server: Any) -> None:
    run("login", "clara", "--password-stdin", stdin="right\n")
    assert run("compose", "--server", other_server.url).status == 0
    assert all("authorization" not in headers for _, _, headers, _ in other_server.seen)


@pytest.mark.parametrize(
    ("command", "said"), [("login", "Wrong name or password."), ("register", "The name is taken.")]
)
def test_a_refused_login_leaves_no_credentials(run: Run, tmp_path: Path, command: str, said: str) -> None:
    done = run(command, "robert", "--password-stdin", stdin="wrong\n")
    assert (done.status, done.err) == (1, f"euterpe: {said}\n")
    assert not (tmp_path / "config" / "euterpe" / "credentials.json").exists()


def test_an_expiring_token_is_renewed_once(run: Run, server: Any) -> None:
    server.access_seconds = 10
    run("login", "clara", "--password-stdin", stdin="right\n")
    server.access_seconds = 600
    assert run("songs").status == 0
    assert run("songs").status == 0
    assert len(server.requests("POST", "/auth/refresh")) == 1


def test_a_login_that_cannot_be_renewed_is_forgotten(run: Run, server: Any) -> None:
    server.access_seconds = 10
    run("login", "clara", "--password-stdin", stdin="right\n")
    server.valid_refresh = "another one"
    done = run("songs")
    assert (done.status, done.err) == (1, "euterpe: Your login has expired; log in again with `euterpe login`.\n")
    assert "not logged in" in run("songs").err


def test_songs_are_listed_over_pages(run: Run, server: Any) -> None:
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
    assert any("q=so+ng" in path for _, path, _, _ in server.seen)


def test_a_song_is_downloaded_under_its_title(run: Run, server: Any) -> None:
    run("login", "clara", "--password-stdin", stdin="right\n")
    assert run("download", SONG, "--format", "mp3").status == 0
    assert Path("Dawn-Abend.mp3").read_bytes() == f"audio of /audio/{SONG}.mp3".encode()
    assert run("download", SONG, "--out", "x.mid").status == 0
    assert Path("x.mid").read_bytes() == server.midi


@pytest.mark.parametrize(
    "arguments",
    [
        ["download", "not-an-id"],
        ["compose", "--format", "ogg"],
        ["compose", "--length", "long"],
        ["compose", "--server", "localhost:8080"],
        ["songs", "--limit", "0"],
        ["dance"],
    ],
)
def test_what_is_not_understood_ends_with_two(run: Run, server: Any, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.status == 2
    assert done.err
    assert not server.seen


@pytest.mark.parametrize("out", ["missing/piece.mid", "."])
def test_an_impossible_file_is_told_before_anything_is_composed(run: Run, server: Any, out: str) -> None:
    done = run("compose", "--out", out)
    assert done.status == 1
    assert "--out" in done.err
    assert not server.seen


def test_a_server_that_is_not_there_is_named(run: Run) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = run("login", "clara", "--password-stdin", "--server", url, stdin="right\n")
    assert done.status == 1
    assert done.err.startswith(f"euterpe: {url} cannot be reached;")
    assert done.err.count("\n") == 1


def test_damaged_credentials_are_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config" / "euterpe" / "credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    done = run("songs")
    assert (done.status, done.err) == (1, f"euterpe: {file} is damaged; delete it and log in again.\n")


def test_parameters_and_a_beginning_go_with_the_order(run: Run, server: Any) -> None:
    Path("begin.mid").write_bytes(b"MThd")
    assert run("compose", "--set", "bars=8", "--set", "key=D major", "--set", "temperature=0.65",
               "--prompt", "begin.mid", "--prompt-bars", "2").status == 0  # fmt: skip
    body = json.loads(server.requests("POST", "/generations")[0][1])
    assert body["parameters"] == {"bars": 8, "key": "D major", "temperature": 0.65}
    assert body["prompt"] == {"midi": "TVRoZA==", "bars": 2}
    assert run("compose", "--prompt", SONG).status == 0
    assert json.loads(server.requests("POST", "/generations")[1][1])["prompt"] == {"song_id": SONG}


def test_ways_are_compared_and_their_pieces_kept(run: Run, server: Any) -> None:
    done = run(
        "compare", "--out", "there/compared", "--seed", "3", "--way", "greedy", "--way", "strategy=top_k,top_k=5"
    )
    assert done.status == 0, done.err
    assert sorted(path.name for path in Path("there/compared").iterdir()) == [
        "greedy.mid", "greedy.svg", "strategy-top-k-top-k-5.mid", "strategy-top-k-top-k-5.svg",
    ]  # fmt: skip
    assert "Loop from bar" in done.out
    body = json.loads(server.requests("POST", "/comparisons")[0][1])
    assert body["seed"] == 3
    assert body["variants"][1] == {"label": "strategy=top_k,top_k=5", "parameters": {"strategy": "top_k", "top_k": 5}}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--set", "bars"], "NAME=VALUE"),
        (["--prompt", "nowhere.mid"], "nowhere.mid"),
        (["--prompt-bars", "2"], "--prompt"),
    ],
)
def test_what_is_not_understood_is_named(run: Run, server: Any, options: list[str], told: str) -> None:
    done = run("compose", *options)
    assert done.status == 2
    assert told in done.err
    assert not server.requests("POST", "/generations")
