"""Following a generation over server-sent events, also when the connection breaks on the way."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from euterpe_cli.api import Api
from euterpe_cli.errors import ServerUnreachable

_LAST = frozenset({"done", "failed", "cancelled"})
#: Events whose data is the generation; servers may send others, which are none of our business.
_STATES = _LAST | {"queued", "started", "progress"}
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 3.0
#: So long without a connection, and it is given up.
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream (HTML standard, section 9.2)."""

    name: str
    data: str
    id: str


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """The events in the lines of a stream; an unfinished one at its end is none."""
    name, data, last_id = "message", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Event(name, "\n".join(data), last_id)
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last_id = value


def follow(api: Api, generation_id: str, *, pause: Callable[[float], None] = time.sleep) -> Iterator[dict[str, Any]]:
    """The generation in each of its states until it has ended.

    A stream that breaks is resumed after the last event seen. Raises CliError when the server refuses, and
    ServerUnreachable when it cannot be reached again for two minutes.
    """
    place = f"/generations/{generation_id}/events"
    last_id, wait, heard = "", _FIRST_PAUSE, time.monotonic()
    while True:
        try:
            with api.stream("GET", place, params={"notes": "false"}, headers=_headers(last_id)) as answer:
                heard = time.monotonic()
                for event in parse(answer.iter_lines()):
                    last_id, wait, heard = event.id, _FIRST_PAUSE, time.monotonic()
                    if event.name in _STATES:
                        yield json.loads(event.data)
                    if event.name in _LAST:
                        return
        except ServerUnreachable:
            if time.monotonic() - heard > _PATIENCE_SECONDS:
                raise
        pause(wait)
        wait = min(2 * wait, _LONGEST_PAUSE)


def _headers(last_id: str) -> dict[str, str]:
    return {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
