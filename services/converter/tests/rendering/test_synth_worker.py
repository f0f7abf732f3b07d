"""Renders end cleanly, in whatever way they end, and cannot do what they need not do."""

import asyncio
import hashlib
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.errors import RenderFailed, SoundFontMissing, ToolMissing
from euterpe_converter.rendering.synth_worker import Stage


@pytest.mark.parametrize("audio_format", list(AudioFormat))
async def test_the_same_job_gives_the_same_bytes(stage, make_job, audio_format, perform):
    job = make_job(5, audio_format)
    together = await asyncio.gather(*(perform(stage, job) for _ in range(3)))
    assert len({hashlib.sha256(audio).hexdigest() for audio in together}) == 1


async def test_it_sounds_as_fluidsynths_command_line_does(stage, make_job, tmp_path, perform):
    job = make_job(10, tail_seconds=0, fade_seconds=0, gain=0.2)
    (tmp_path / "song.mid").write_bytes(job.midi)
    options = ["-ni", "-q", "-r", "44100", "-z", "1024", "-g", "0.2", "-T", "raw", "-O", "float", "-F", "out.raw"]
    command = ["fluidsynth", *options, "/usr/share/sounds/sf2/FluidR3_GM.sf2", "song.mid"]
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    ours = np.frombuffer(await perform(stage, job), "<i2").astype(np.float64) / 32767
    reference = np.frombuffer((tmp_path / "out.raw").read_bytes(), "<f4")[: len(ours)]
    assert len(ours) - len(reference) < 4096
    difference = np.abs(ours[: len(reference)] - reference).max()
    assert 20 * np.log10(difference) < -60
    assert np.abs(reference).max() > 0.02


async def test_a_killed_render_fails_alone(stage, make_job, renders, eventually, perform):
    async with stage.performing(make_job(600)) as (_, body):
        [found] = await eventually(lambda: renders(os.getpid()))
        os.kill(found.pid, signal.SIGKILL)
        with pytest.raises(RenderFailed) as failure:
            _ = [chunk async for chunk in body]
    assert failure.value.stage == "synthesiser"
    assert len(await perform(stage, make_job(1))) == 3 * 44_100 * 4


async def test_a_render_that_hangs_is_ended_with_its_context(stage, make_job, renders, eventually):
    async with stage.performing(make_job(600)):
        [found] = await eventually(lambda: renders(os.getpid()))
        os.kill(found.pid, signal.SIGSTOP)
    await eventually(lambda: renders(os.getpid()) == [])


async def test_a_cancelled_render_leaves_nothing(stage, make_job, renders, eventually, perform):
    before = len(list(Path("/proc/self/fd").iterdir()))
    rendering = asyncio.create_task(perform(stage, make_job(600)))
    await eventually(lambda: renders(os.getpid()))
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    await eventually(lambda: renders(os.getpid()) == [])
    await asyncio.sleep(0.01)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


async def test_a_stage_that_dies_fails_its_renders_and_says_so(
    make_job, soundfont, renders, eventually, perform, stage_options
):
    stage = await Stage.open(soundfont, stage_options)
    rendering = asyncio.create_task(perform(stage, make_job(600)))
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


async def test_what_is_no_midi_fails(stage, make_job, perform):
    with pytest.raises(RenderFailed):
        await perform(stage, make_job(midi=b"MThd and nothing more"))


async def test_memory_is_bounded(make_job, soundfont, perform, stage_options):
    stage = await Stage.open(soundfont, replace(stage_options, memory_bytes=64 * 1024 * 1024))
    with pytest.raises(RenderFailed):
        await perform(stage, make_job(600))
    await stage.close()


async def test_renders_have_no_network_no_secrets_and_no_files_of_ours(
    stage, make_job, renders, eventually, monkeypatch, stage_options
):
    async with stage.performing(make_job(600)):
        [found] = await eventually(lambda: renders(os.getpid()))
        process = Path(f"/proc/{found.pid}")
        assert (process / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        assert b"EUTERPE" not in (process / "environ").read_bytes()
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        assert status["NoNewPrivs"].strip() == "1"
        limits = (process / "limits").read_text()
        assert f"Max address space         {stage_options.memory_bytes}" in limits
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


async def test_what_is_missing_is_named_with_its_package(soundfont, tmp_path, stage_options):
    with pytest.raises(ToolMissing, match="Install the package `libfluidsynth3`"):
        await Stage.open(soundfont, replace(stage_options, fluidsynth="libnosuch.so"))
    (tmp_path / "bad.sf2").write_bytes(b"RIFF\x04\x00\x00\x00sfbk")
    with pytest.raises(SoundFontMissing):
        await Stage.open(tmp_path / "bad.sf2", stage_options)
