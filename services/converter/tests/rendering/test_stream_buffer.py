"""Reading a rendition while it is rendered."""

import asyncio

import pytest
from euterpe_converter.rendering.stream_buffer import ReaderLagged, StreamBuffer


async def _all(buffer: StreamBuffer, first: int = 0, last: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in buffer.read(first, last)])


async def test_early_and_late_readers_receive_all_bytes():
    buffer = StreamBuffer(1000)
    early = asyncio.create_task(_all(buffer))
    for part in (b"abc", b"defg", b"h"):
        buffer.append(part)
        await asyncio.sleep(0)
    late = asyncio.create_task(_all(buffer))
    middle = asyncio.create_task(_all(buffer, 2, 4))
    assert await middle == b"cde"
    buffer.finish()
    assert await early == await late == b"abcdefgh"
    assert await _all(buffer, 7) == b"h"
    assert buffer.content() == b"abcdefgh"


async def test_the_window_is_bounded_and_lagging_readers_get_an_error():
    buffer = StreamBuffer(10)
    for _ in range(100):
        buffer.append(bytes(5))
    assert buffer.size_bytes == 500
    with pytest.raises(ReaderLagged):
        await _all(buffer)
    buffer.finish()
    assert await _all(buffer, 490) == bytes(10)
    assert buffer.content() is None


async def test_a_failure_after_the_start_reaches_the_reader():
    buffer = StreamBuffer(100)
    buffer.append(b"ab")
    reading = asyncio.create_task(_all(buffer))
    await asyncio.sleep(0)
    buffer.fail(ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        await reading
