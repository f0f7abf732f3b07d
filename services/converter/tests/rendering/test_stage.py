"""Renders end cleanly, in whatever way they end, and cannot do what they need not do."""

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from euterpe_converter.domain.audio import AudioFormat, Synthesis, choose_encoding
from euterpe_converter.errors import RenderFailed, SoundFontMissing, ToolMissing
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.stage import Stage, StageOptions

MEMORY = 1024 * 1024 * 1024
OPTIONS = StageOptions("libfluidsynth.so.3", "ffmpeg", MEMORY, 60)


@pytest_asyncio.fixture(scope="module")
async def stage():
    soundfont = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
    stage = await Stage.open(soundfont, OPTIONS)
    yield stage
    await stage.close()


@pytest.fixture
def make_job(make_midi):
    def make(seconds: float = 3.0, audio_format: AudioFormat = AudioFormat.WAV, midi=None, **changes) -> RenderJob:
        encoding, synthesis = choose_encoding(audio_format), Synthesis(**changes)
        frames = synthesis.frames(seconds, encoding.sample_rate)
        return RenderJob(midi or make_midi(seconds, 20), frames, encoding, synthesis)

    return make


def _is_zombie(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


async def _whole(stage: Stage, job: RenderJob) -> bytes:
    async with stage.performing(job) as (_, body):
        return b"".join([chunk async for chunk in body])


@pytest.mark.parametrize("audio_format", list(AudioFormat))
async def test_the_same_job_gives_the_same_bytes(stage, make_job, audio_format):
    job = make_job(5, audio_format)
    together = await asyncio.gather(*(_whole(stage, job) for _ in range(3)))
    assert len({hashlib.sha256(audio).hexdigest() for audio in together}) == 1


async def test_it_sounds_as_fluidsynths_command_line_does(stage, make_job, tmp_path):
    job = make_job(10, tail_seconds=0, fade_seconds=0, gain=0.2)
    (tmp_path / "song.mid").write_bytes(job.midi)
    options = ["-ni", "-q", "-r", "44100", "-z", "1024", "-g", "0.2", "-T", "raw", "-O", "float", "-F", "out.raw"]
    command = ["fluidsynth", *options, "/usr/share/sounds/sf2/FluidR3_GM.sf2", "song.mid"]
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    ours = np.frombuffer(await _whole(stage, job), "<i2").astype(np.float64) / 32767
    reference = np.frombuffer((tmp_path / "out.raw").read_bytes(), "<f4")[: len(ours)]
    assert len(ours) - len(reference) < 4096
    difference = np.abs(ours[: len(reference)] - reference).max()
    assert 20 * np.log10(difference) < -60
    assert np.abs(reference).max() > 0.02


async def test_a_killed_render_fails_alone(stage, make_job, renders, eventually):
    async with stage.performing(make_job(600)) as (_, body):
        [found] = await eventually(lambda: renders(os.getpid()))
        os.kill(found.pid, signal.SIGKILL)
        with pytest.raises(RenderFailed) as failure:
            _ = [chunk async for chunk in body]
    assert failure.value.stage == "synthesiser"
    assert len(await _whole(stage, make_job(1))) == 3 * 44_100 * 4


async def test_a_render_that_hangs_is_ended_with_its_context(stage, make_job, renders, eventually):
    async with stage.performing(make_job(600)):
        [found] = await eventually(lambda: renders(os.getpid()))
        os.kill(found.pid, signal.SIGSTOP)
    assert renders(os.getpid()) == []


async def test_a_cancelled_render_leaves_nothing(stage, make_job, renders, eventually):
    before = len(list(Path("/proc/self/fd").iterdir()))
    rendering = asyncio.create_task(_whole(stage, make_job(600)))
    await eventually(lambda: renders(os.getpid()))
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert renders(os.getpid()) == []
    await asyncio.sleep(0.01)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


async def test_a_stage_that_dies_fails_its_renders_and_says_so(make_job, soundfont, renders, eventually):
    stage = await Stage.open(soundfont, OPTIONS)
    rendering = asyncio.create_task(_whole(stage, make_job(600)))
    [found] = await eventually(lambda: renders(os.getpid()))
    os.kill(found.parent, signal.SIGKILL)
    with pytest.raises(RenderFailed):
        await rendering
    assert not stage.alive
    # Renders die with their parent.
    await eventually(
        lambda: not Path(f"/proc/{found.pid}").exists() or "Z" in Path(f"/proc/{found.pid}/stat").read_text()
    )
    await stage.close()


async def test_what_is_no_midi_fails(stage, make_job):
    with pytest.raises(RenderFailed):
        await _whole(stage, make_job(midi=b"MThd and nothing more"))


async def test_memory_is_bounded(make_job, soundfont):
    stage = await Stage.open(soundfont, StageOptions("libfluidsynth.so.3", "ffmpeg", 64 * 1024 * 1024, 60))
    with pytest.raises(RenderFailed):
        await _whole(stage, make_job(600))
    await stage.close()


async def test_renders_have_no_network_no_secrets_and_no_files_of_ours(
    stage, make_job, renders, eventually, monkeypatch
):
    async with stage.performing(make_job(600)):
        [found] = await eventually(lambda: renders(os.getpid()))
        process = Path(f"/proc/{found.pid}")
        assert (process / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        assert b"EUTERPE" not in (process / "environ").read_bytes()
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        assert status["NoNewPrivs"].strip() == "1"
        limits = (process / "limits").read_text()
        assert f"Max address space         {MEMORY}" in limits
        assert "Max file size             0" in limits
        links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        assert not [link for link in links if link.startswith("socket:")]


async def test_each_render_takes_little_beside_the_soundfont_that_all_share(stage, make_job, renders, eventually):
    job = make_job(600)
    async with stage.performing(job) as (_, body):
        [found] = await eventually(lambda: renders(os.getpid()))
        count = 0
        async for chunk in body:
            count += len(chunk)
            if count > 20_000_000:
                break
        rollup = Path(f"/proc/{found.pid}/smaps_rollup").read_text().splitlines()
        own = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
        assert own < 60 * 1024


async def test_what_is_missing_is_named_with_its_package(soundfont, tmp_path):
    with pytest.raises(ToolMissing, match="Install the package `libfluidsynth3`"):
        await Stage.open(soundfont, StageOptions("libnosuch.so", "ffmpeg", MEMORY, 60))
    (tmp_path / "bad.sf2").write_bytes(b"RIFF\x04\x00\x00\x00sfbk")
    with pytest.raises(SoundFontMissing):
        await Stage.open(tmp_path / "bad.sf2", OPTIONS)
