"""Server-sent events: parsing, and streams that are resumed."""

import itertools
from typing import Any

import pytest
from euterpe_client import ApiError, ConnectionFailed, Euterpe, Event, InvalidResponse

Server = Any
STREAM = {"Content-Type": "text/event-stream"}
PROGRESS = b': ping\n\nid: 4\nevent: progress\ndata: {"progress":\ndata: 0.5}\n\n: ping\n\n'
DONE = b'event: done\r\nid: 5\r\ndata: {"status": "succeeded"}\r\n\r\n'
PROGRESS_EVENT = Event("progress", {"progress": 0.5}, "4")
DONE_EVENT = Event("done", {"status": "succeeded"}, "5")


def test_comments_and_unfinished_events_are_skipped(server: Server) -> None:
    server.responses = [(200, STREAM, PROGRESS + b"event: done\ndata: {}\n")]
    with Euterpe(server.url) as euterpe:
        assert list(euterpe.follow_generation("g1")) == [PROGRESS_EVENT]


def test_watch_resumes_after_the_last_event(server: Server) -> None:
    pauses: list[float] = []
    unavailable = (503, {}, b"{}")
    server.responses = [(200, STREAM, PROGRESS), unavailable, unavailable, (200, STREAM, DONE)]
    with Euterpe(server.url, pause=pauses.append) as euterpe:
        assert list(euterpe.watch_generation("g1", notes=False)) == [PROGRESS_EVENT, DONE_EVENT]
    assert pauses == [0.2, 0.4, 0.8]
    assert [headers.get("last-event-id") for _, headers in server.requests] == [None, "4", "4", "4"]
    assert server.paths == ["GET /api/v1/generations/g1/events?notes=false"] * 4


def test_watch_gives_up_after_two_minutes(server: Server) -> None:
    server.responses = [(200, STREAM, PROGRESS + b"x"), *[(200, {"Content-Length": "9", **STREAM}, b"")] * 9]
    clock = itertools.count(0.0, 30.0)
    with Euterpe(server.url, pause=lambda _: None, clock=lambda: next(clock)) as euterpe:
        events = euterpe.watch_generation("g1")
        assert next(events) == PROGRESS_EVENT
        with pytest.raises(ConnectionFailed):
            list(events)
    assert 4 <= len(server.requests) <= 7


def test_watch_raises_a_refusal_at_once(server: Server) -> None:
    server.responses = [(404, {}, b'{"detail": "no such generation"}')]
    with Euterpe(server.url) as euterpe, pytest.raises(ApiError, match="no such generation"):
        list(euterpe.watch_generation("g1"))


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"Content-Type": "text/html"}, b"<html>"), (STREAM, b"data: x\n\n"), (STREAM, b"data: 1\n\n")],
)
def test_stream_of_another_server_is_an_invalid_response(server: Server, headers: Any, body: bytes) -> None:
    server.responses = [(200, headers, body)]
    with Euterpe(server.url) as euterpe, pytest.raises(InvalidResponse):
        list(euterpe.watch_generation("g1"))
