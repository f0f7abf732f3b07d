"""Reading crafted files, and continuing afterwards."""

import os
import signal
import struct
import subprocess
import sys

import pytest
import pytest_asyncio
from euterpe_converter.rendering.midi_reader import MidiReader, ReadingLimits
from euterpe_service_kit.errors import Unprocessable

MEBIBYTE = 1024 * 1024


def _limits(**changes) -> ReadingLimits:
    given = {"max_bytes": 10 * MEBIBYTE, "max_notes": 200_000, "max_seconds": 1200.0}
    return ReadingLimits(**(given | changes))


@pytest_asyncio.fixture
async def reader():
    reader = MidiReader(_limits())
    yield reader
    await reader.close()


def _crafted_file() -> bytes:
    """10 MiB of notes."""
    track = b"\x00\x90\x3c\x40" + b"\x00\x3c\x00\x00\x3c\x40" * 1_740_000 + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 1, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + track


async def test_the_duration_is_returned(reader, make_midi):
    assert (await reader.canonical(make_midi(7.0), field="body.file"))[0] == pytest.approx(7.0)


async def test_a_crafted_file_is_refused_with_the_limits_and_the_next_file_is_read(make_midi):
    reader = MidiReader(_limits(timeout_seconds=0.05))
    with pytest.raises(Unprocessable, match="too much time or memory") as refusal:
        await reader.canonical(_crafted_file(), field="body.file")
    [problem] = refusal.value.fields
    assert problem.field == "body.file"
    assert set(problem.limits) == {"timeout_seconds", "memory_bytes"}
    await reader.start()
    assert (await reader.canonical(make_midi(1.0), field="body.file"))[0] == pytest.approx(1.0)
    await reader.close()


@pytest.mark.parametrize(
    ("seconds", "notes_per_second", "limits"),
    [(50_000, 0.1, {"max_seconds": 1200.0}), (1000, 210, {"max_notes": 200_000})],
)
async def test_limits_on_duration_and_notes(reader, make_midi, seconds, notes_per_second, limits):
    with pytest.raises(Unprocessable) as refusal:
        await reader.canonical(make_midi(seconds, notes_per_second), field="path.song_id")
    [problem] = refusal.value.fields
    assert (problem.field, dict(problem.limits)) == ("path.song_id", limits)


async def test_a_worker_that_died_while_idle_is_replaced(reader, make_midi, eventually):
    await reader.start()
    child = reader._child
    os.kill(child.pid, signal.SIGKILL)
    # The process is reaped once the event loop has processed its exit.
    await eventually(lambda: not child.alive)
    assert (await reader.canonical(make_midi(2.0), field="body.file"))[0] == pytest.approx(2.0)


async def test_the_service_process_does_not_load_the_parser():
    command = "import sys, euterpe_converter.app; assert not {'numpy', 'symusic', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", command], check=True)
