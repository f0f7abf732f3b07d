"""A rendition that is read while it grows."""

import asyncio

import pytest
from euterpe_converter.rendering.stream_buffer import FellBehind, Reel


async def _all(reel: Reel, first: int = 0, last: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in reel.read(first, last)])


async def test_everybody_hears_all_whenever_they_come():
    reel = Reel(1000)
    early = asyncio.create_task(_all(reel))
    for part in (b"abc", b"defg", b"h"):
        reel.append(part)
        await asyncio.sleep(0)
    late = asyncio.create_task(_all(reel))
    middle = asyncio.create_task(_all(reel, 2, 4))
    assert await middle == b"cde"
    reel.finish()
    assert await early == await late == b"abcdefgh"
    assert await _all(reel, 7) == b"h"
    assert reel.content() == b"abcdefgh"


async def test_memory_is_bounded_and_the_slow_are_told():
    reel = Reel(10)
    for _ in range(100):
        reel.append(bytes(5))
    assert reel.size_bytes == 500
    with pytest.raises(FellBehind):
        await _all(reel)
    reel.finish()
    assert await _all(reel, 490) == bytes(10)
    assert reel.content() is None


async def test_a_failure_after_the_start_reaches_who_reads():
    reel = Reel(100)
    reel.append(b"ab")
    reading = asyncio.create_task(_all(reel))
    await asyncio.sleep(0)
    reel.fail(ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        await reading
