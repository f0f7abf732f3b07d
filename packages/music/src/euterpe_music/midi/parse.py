"""The events of one track chunk, byte by byte."""

from dataclasses import dataclass, field
from typing import Final

from euterpe_music.midi.errors import MidiError

#: Ticks that fit the sums of real files; more is damage, or a file made to overflow its readers.
MAX_TICKS: Final = 0x7FFF_FFFF
#: Data bytes of the channel messages 0x8_ to 0xE_.
_DATA_BYTES: Final = (2, 2, 2, 2, 1, 1, 2)
#: Data bytes of the system common messages 0xF1 to 0xF6, which files should not hold and some do.
_COMMON_BYTES: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_META: Final = 0xFF
_END_OF_TRACK: Final = 0x2F
_SYSEX: Final = (0xF0, 0xF7)


@dataclass(slots=True)
class TrackEvents:
    """What a track chunk holds.

    `channel` are channel messages (tick, status, first data byte, second data byte or 0); `meta` are meta events
    (tick, type, payload); `sysex` are system exclusive payloads (tick, bytes after 0xF0); `end_tick` is the tick of the
    end-of-track event, or of the last event of a track without one.
    """

    channel: list[tuple[int, int, int, int]] = field(default_factory=list)
    meta: list[tuple[int, int, bytes]] = field(default_factory=list)
    sysex: list[tuple[int, bytes]] = field(default_factory=list)
    end_tick: int = 0


def parse_track(  # noqa: C901 - one loop, for speed
    data: bytes, number: int, max_messages: int = MAX_TICKS
) -> TrackEvents:
    """Read the events of a track chunk.

    Tolerated, as players do: running status after meta and system exclusive events, real-time and system common
    messages, data bytes over 127 in a message with its own status (they become 127), an event cut off by the end of the
    chunk, and a missing end of track. What follows the end-of-track event is ignored.

    Args:
        data: the bytes of the chunk.
        number: the track's number in messages, from 1.
        max_messages: the most channel messages that are read.

    Raises:
        MidiError: for bytes without a certain meaning, times beyond `MAX_TICKS`, and more than `max_messages`.
    """
    events = TrackEvents()
    channel = events.channel
    position, tick, running, size = 0, 0, 0, len(data)
    try:
        while position < size:
            start = position
            byte = data[position]
            position += 1
            if byte < 0x80:
                tick += byte
            else:
                delta = byte & 0x7F
                while byte & 0x80:
                    byte = data[position]
                    position += 1
                    delta = delta << 7 | byte & 0x7F
                tick += delta
            if tick > MAX_TICKS:
                raise MidiError("too-long", f"track {number} lasts more than {MAX_TICKS} ticks")
            status = data[position]
            if status < 0x80:
                if not running:
                    raise _malformed(number, start)
                status = running
                strict = True
            else:
                position += 1
                strict = False
            if status < 0xF0:
                running = status
                first = data[position]
                if 0xC0 <= status < 0xE0:
                    second = 0
                    position += 1
                else:
                    second = data[position + 1]
                    position += 2
                if first > 127 or second > 127:
                    if strict:
                        raise _malformed(number, start)
                    first, second = min(first, 127), min(second, 127)
                if len(channel) >= max_messages:
                    words = f"track {number} holds more than {max_messages} channel messages, which is the limit"
                    raise MidiError("too-many-notes", words)
                channel.append((tick, status, first, second))
            elif status == _META:
                kind = data[position]
                payload, position = _payload(data, position + 1)
                if kind == _END_OF_TRACK:
                    events.end_tick = tick
                    return events
                events.meta.append((tick, kind, payload))
            elif status in _SYSEX:
                payload, position = _sysex(data, position)
                if status == _SYSEX[0]:
                    events.sysex.append((tick, payload))
            else:
                position += _COMMON_BYTES.get(status, 0)
    except IndexError:
        # The chunk ends within an event; what came before it counts.
        pass
    events.end_tick = tick
    return events


def _payload(data: bytes, position: int) -> tuple[bytes, int]:
    """The bytes of a meta or system exclusive event, and the position after them; IndexError past the end."""
    length = 0
    while True:
        byte = data[position]
        position += 1
        length = length << 7 | byte & 0x7F
        if byte < 0x80:
            break
    if position + length > len(data):
        raise IndexError
    return data[position : position + length], position + length


def _sysex(data: bytes, position: int) -> tuple[bytes, int]:
    """A system exclusive event; its own terminator (0xF7) ends it where the stated length is too long."""
    payload, end = _payload(data, position)
    terminator = payload.find(0xF7)
    if 0 <= terminator < len(payload) - 1 and payload[-1] != 0xF7:
        return payload[: terminator + 1], end - len(payload) + terminator + 1
    return payload, end


def _malformed(number: int, position: int) -> MidiError:
    return MidiError("invalid", f"track {number} holds a malformed event at byte {position}")
