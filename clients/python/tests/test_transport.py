"""Requests and responses of the client, with a server on loopback."""

import gzip
import json
from typing import Any

import pytest
from euterpe_client import ApiError, ConnectionFailed, Euterpe, InvalidResponse

Server = Any
BUSY = b'{"detail": "busy"}'
GENERATION = b'{"id": "g1", "status": "succeeded"}'


def busy(status: int, seconds: int) -> tuple[int, dict[str, str], bytes]:
    return status, {"Retry-After": str(seconds)}, BUSY


def test_retries_after_the_time_that_the_server_asks_for(server: Server) -> None:
    pauses: list[float] = []
    server.responses = [busy(429, 3), busy(503, 2), (503, {}, BUSY), (200, {}, b'{"items": []}')]
    with Euterpe(server.url, pause=pauses.append) as euterpe:
        assert euterpe.list_songs(q="a b", limit=5) == {"items": []}
    assert pauses == [3.0, 2.0, 2.0]
    assert server.paths == ["GET /api/v1/songs?q=a+b&limit=5"] * 4


def test_gives_up_after_four_attempts(server: Server) -> None:
    server.responses = [busy(503, 1)] * 9
    with Euterpe(server.url, pause=lambda _: None) as euterpe, pytest.raises(ApiError, match="503: busy"):
        euterpe.list_songs()
    assert len(server.requests) == 4


def test_does_not_wait_longer_than_allowed(server: Server) -> None:
    server.responses = [busy(429, 11)]
    with Euterpe(server.url, max_retry_wait_seconds=10) as euterpe, pytest.raises(ApiError, match="429: busy"):
        euterpe.list_songs()


def test_post_without_idempotency_key_is_sent_once(server: Server) -> None:
    server.responses = [busy(503, 1)] * 2
    with Euterpe(server.url, pause=lambda _: None) as euterpe, pytest.raises(ApiError):
        euterpe.create_generation({"length": 10})
    assert len(server.requests) == 1


def test_compose_repeats_its_request_with_the_same_key(server: Server) -> None:
    broken = (200, {"Content-Length": "100"}, b"{")
    server.responses = [busy(503, 1), broken, (200, {}, GENERATION)]
    with Euterpe(server.url, pause=lambda _: None) as euterpe:
        assert euterpe.compose(length=10)["status"] == "succeeded"
    assert len({headers["idempotency-key"] for _, headers in server.requests}) == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_error_without_problem_details(server: Server, body: bytes) -> None:
    server.responses = [(502, {}, body)]
    with Euterpe(server.url) as euterpe, pytest.raises(ApiError) as raised:
        euterpe.read_me()
    assert (raised.value.status, raised.value.type, raised.value.detail) == (502, "about:blank", "")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
def test_success_of_another_server_is_an_invalid_response(server: Server, body: bytes) -> None:
    server.responses = [(200, {}, body)]
    with Euterpe(server.url) as euterpe, pytest.raises(InvalidResponse, match="not from Euterpe"):
        euterpe.read_me()


def test_redirect_names_the_new_location(server: Server) -> None:
    server.responses = [(308, {"Location": "https://music.example/api/v1/auth/me"}, b"")]
    with Euterpe(server.url) as euterpe, pytest.raises(InvalidResponse, match="redirects to https://music"):
        euterpe.read_me()


def test_damaged_encoding_is_an_invalid_response(server: Server) -> None:
    server.responses = [(200, {"Content-Encoding": "gzip"}, b"not gzip")]
    with Euterpe(server.url) as euterpe, pytest.raises(InvalidResponse, match="decoded"):
        euterpe.read_me()


def test_path_parameters_are_encoded(server: Server) -> None:
    server.responses = [(404, {}, b"{}")]
    with Euterpe(server.url) as euterpe, pytest.raises(ApiError):
        euterpe.get_song_audio("../x?y", "mp3", tail=0.5, loudness=None)
    assert server.paths == ["GET /api/v1/audio/..%2Fx%3Fy.mp3?tail=0.5"]


def test_token_is_sent_only_to_operations_that_accept_one(server: Server) -> None:
    tokens = json.dumps({"access_token": "secret", "refresh_token": "r", "expires_in": 600}).encode()
    server.responses = [(200, {}, tokens), (200, {}, b"{}"), (200, {}, b"{}")]
    with Euterpe(server.url) as euterpe:
        euterpe.begin_as_guest().read_me()
        euterpe.list_models()
    assert ["authorization" in headers for _, headers in server.requests] == [False, True, False]


def test_bytes_can_be_streamed(server: Server) -> None:
    server.responses = [(200, {}, b"x" * 100_000), (404, {}, b'{"detail": "no such song"}')]
    with Euterpe(server.url) as euterpe:
        with euterpe.get_song_audio_stream("s1", "mp3") as stream:
            assert stream.total_bytes == 100_000
            assert [len(chunk) for chunk in stream.chunks] == [65_536, 34_464]
        with pytest.raises(ApiError, match="no such song"), euterpe.download_midi_stream("s1"):
            pytest.fail("the stream of an error was opened")


def test_size_of_an_encoded_stream_is_unknown(server: Server) -> None:
    server.responses = [(200, {"Content-Encoding": "gzip"}, gzip.compress(b"MThd"))]
    with Euterpe(server.url) as euterpe, euterpe.download_midi_stream("s1") as stream:
        assert stream.total_bytes is None
        assert b"".join(stream.chunks) == b"MThd"


def test_broken_stream_is_a_connection_failure(server: Server) -> None:
    server.responses = [(200, {"Content-Length": "100"}, b"MThd")]
    with Euterpe(server.url) as euterpe, pytest.raises(ConnectionFailed, match="broke"):  # noqa: SIM117
        with euterpe.download_midi_stream("s1") as stream:
            list(stream.chunks)
