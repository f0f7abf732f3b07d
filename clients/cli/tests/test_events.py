"""Reading a stream of server-sent events."""

from euterpe_cli.events import Event, parse


def test_events_have_names_ids_and_data_of_several_lines() -> None:
    lines = [": a comment", "event: progress", "id: 4", "data: one", "data:two", "", "data: three", ""]
    assert list(parse(lines)) == [Event("progress", "one\ntwo", "4"), Event("message", "three", "4")]


def test_what_is_unfinished_is_no_event() -> None:
    assert list(parse(["event: done", "data: {}"])) == []
    assert list(parse(["event: ping", "", "", "retry: 10", ""])) == []
