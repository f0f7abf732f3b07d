"""Audio from two processes matches the audio of FluidSynth's command line."""

import asyncio
import os
import signal
import struct

import numpy as np
import pytest
from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.errors import RenderFailed
from euterpe_converter.rendering.parallel_synthesis import cut_frame
from euterpe_music.midi import Piece, Track, write_midi
from euterpe_music.piece import make_notes

SECONDS = 44
PORTAMENTO, PEDAL = b"\xb0\x41\x7f", b"\xb0\x40\x7f"


def _band(*controllers: bytes) -> bytes:
    """Return a piece for piano, a violin with notes that last over the cut, and hi-hats that cut each other off.

    The controllers are sent on the piano's channel at the start.
    """
    random = np.random.default_rng(1)
    piano = make_notes(np.arange(0, 40_000, 480), 900, 48 + random.integers(0, 30, 84), random.integers(40, 90, 84))
    violin = make_notes(np.arange(0, 40_000, 6_000) + 700, 5_800, 76, 60, track=1)
    hats = make_notes(np.arange(60, 40_000, 240), 60, np.where(np.arange(167) % 2, 42, 46), 80, track=2)
    tracks = (Track(0), Track(40), Track(0, is_drum=True))
    midi = write_midi(Piece(480, np.concatenate([piano, violin, hats]), tracks))
    second = midi.index(b"MTrk", midi.index(b"MTrk") + 4) + 8
    (size,) = struct.unpack(">I", midi[second - 4 : second])
    given = b"".join(b"\0" + controller for controller in controllers)
    return midi[: second - 4] + struct.pack(">I", size + len(given)) + given + midi[second:]


@pytest.fixture
def command_line(tmp_path):
    """Synthesise with FluidSynth's command line."""

    async def run(midi: bytes) -> np.ndarray:
        (tmp_path / "song.mid").write_bytes(midi)
        options = ["-ni", "-q", "-r", "44100", "-g", "0.2", "-T", "raw", "-O", "float", "-F", "out.raw"]
        command = ["fluidsynth", *options, "/usr/share/sounds/sf2/FluidR3_GM.sf2", "song.mid"]
        process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
        assert await process.wait() == 0
        return np.frombuffer((tmp_path / "out.raw").read_bytes(), "<f4")

    return run


def _decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio))


@pytest.mark.parametrize("controllers", [(), (PEDAL,), (PORTAMENTO,)], ids=["plain", "pedal", "portamento"])
async def test_parallel_synthesis_matches_the_command_line(worker, make_job, render_all, command_line, controllers):
    midi = _band(*controllers)
    job = make_job(SECONDS, midi=midi, bit_depth=24, tail_seconds=0, fade_seconds=0, gain=0.2)
    assert 18 * 44_100 < cut_frame(job.frames, 44_100) < 19 * 44_100
    audio = np.frombuffer(await render_all(worker, job), np.uint8).reshape(-1, 3)
    values = np.pad(audio, ((0, 0), (1, 0))).view("<i4").ravel()
    ours, reference = values / 2.0**31, await command_line(midi)
    reference, ours = reference[: len(ours)], ours[: len(reference)]
    difference = ours - reference
    # The remaining difference is in single blocks of 64 frames at the start of notes.
    assert _decibels(np.sqrt((difference**2).mean() / (reference**2).mean())) < -58
    assert _decibels(np.abs(difference).max()) < -50


async def test_the_cut_is_on_a_block_and_bounds_buffered_audio(make_job):
    for seconds in (16, 30, 124, 400, 1200):
        for rate in (22_050, 44_100, 48_000, 96_000):
            cut = cut_frame(seconds * rate, rate)
            assert cut % 64 == 0
            assert 0 < seconds - cut / rate < 76
    assert cut_frame(15 * 44_100, 44_100) == 0


async def test_killing_the_second_process_fails_the_render(worker, make_job, render_all, renders, children, eventually):
    rendering = asyncio.create_task(render_all(worker, make_job(600)))
    [first] = await eventually(lambda: renders(os.getpid()))
    [second] = await eventually(lambda: children(first.pid))
    os.kill(second.pid, signal.SIGKILL)
    with pytest.raises(RenderFailed) as failure:
        await rendering
    assert "second half failed" in failure.value.cause
    await eventually(lambda: renders(os.getpid()) == [])


async def test_both_processes_end_when_the_render_is_cancelled(
    worker, make_job, render_all, renders, children, eventually
):
    rendering = asyncio.create_task(render_all(worker, make_job(600, AudioFormat.FLAC)))
    [first] = await eventually(lambda: renders(os.getpid()))
    await eventually(lambda: children(first.pid))
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    # The worker adopts and reaps orphans.
    await eventually(lambda: renders(os.getpid()) == [])
