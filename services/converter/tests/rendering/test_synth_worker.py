"""Renders end cleanly in every case, and are isolated."""

import asyncio
import hashlib
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.errors import RenderFailed, SoundFontMissing, ToolMissing
from euterpe_converter.rendering.synth_worker import SynthWorker


@pytest.mark.parametrize("audio_format", list(AudioFormat))
async def test_the_same_job_gives_the_same_bytes(worker, make_job, audio_format, render_all):
    job = make_job(5, audio_format)
    together = await asyncio.gather(*(render_all(worker, job) for _ in range(3)))
    assert len({hashlib.sha256(audio).hexdigest() for audio in together}) == 1


async def test_the_audio_matches_fluidsynths_command_line(worker, make_job, tmp_path, render_all):
    job = make_job(10, tail_seconds=0, fade_seconds=0, gain=0.2)
    (tmp_path / "song.mid").write_bytes(job.midi)
    options = ["-ni", "-q", "-r", "44100", "-z", "1024", "-g", "0.2", "-T", "raw", "-O", "float", "-F", "out.raw"]
    command = ["fluidsynth", *options, "/usr/share/sounds/sf2/FluidR3_GM.sf2", "song.mid"]
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    ours = np.frombuffer(await render_all(worker, job), "<i2").astype(np.float64) / 32767
    reference = np.frombuffer((tmp_path / "out.raw").read_bytes(), "<f4")[: len(ours)]
    assert len(ours) - len(reference) < 4096
    difference = np.abs(ours[: len(reference)] - reference).max()
    assert 20 * np.log10(difference) < -60
    assert np.abs(reference).max() > 0.02


async def test_killing_a_render_does_not_affect_the_worker(worker, make_job, renders, eventually, render_all):
    async with worker.render(make_job(600)) as (_, body):
        [found] = await eventually(lambda: renders(os.getpid()))
        os.kill(found.pid, signal.SIGKILL)
        with pytest.raises(RenderFailed) as failure:
            _ = [chunk async for chunk in body]
    assert failure.value.component == "synthesiser"
    assert len(await render_all(worker, make_job(1))) == 3 * 44_100 * 4


async def test_a_hanging_render_is_killed_with_its_context(worker, make_job, renders, eventually):
    async with worker.render(make_job(600)):
        [found] = await eventually(lambda: renders(os.getpid()))
        os.kill(found.pid, signal.SIGSTOP)
    await eventually(lambda: renders(os.getpid()) == [])


async def test_a_cancelled_render_leaves_no_process_and_no_descriptor(
    worker, make_job, renders, eventually, render_all
):
    before = len(list(Path("/proc/self/fd").iterdir()))
    rendering = asyncio.create_task(render_all(worker, make_job(600)))
    await eventually(lambda: renders(os.getpid()))
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    await eventually(lambda: renders(os.getpid()) == [])
    await eventually(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)


async def test_a_worker_that_dies_fails_its_renders(
    make_job, soundfont, renders, eventually, render_all, worker_options
):
    worker = await SynthWorker.start(soundfont, worker_options)
    rendering = asyncio.create_task(render_all(worker, make_job(600)))
    [found] = await eventually(lambda: renders(os.getpid()))
    os.kill(found.parent, signal.SIGKILL)
    with pytest.raises(RenderFailed, match="synthesiser"):
        await rendering
    assert not worker.alive
    # The kernel kills renders with their parent.
    await eventually(
        lambda: not Path(f"/proc/{found.pid}").exists() or "Z" in Path(f"/proc/{found.pid}/stat").read_text()
    )
    await worker.close()


async def test_a_file_that_is_not_midi_fails_in_the_synthesiser(worker, make_job, render_all):
    with pytest.raises(RenderFailed) as failure:
        await render_all(worker, make_job(midi=b"MThd and nothing more"))
    assert failure.value.component == "synthesiser"


async def test_the_memory_limit_fails_the_render(make_job, soundfont, render_all, worker_options):
    worker = await SynthWorker.start(soundfont, replace(worker_options, memory_bytes=64 * 1024 * 1024))
    with pytest.raises(RenderFailed) as failure:
        await render_all(worker, make_job(600))
    assert re.search(r"memory|MemoryError|allocate|start new thread", failure.value.cause), failure.value.cause
    await worker.close()


async def test_renders_are_isolated_from_network_secrets_and_descriptors(
    soundfont, make_job, renders, eventually, monkeypatch, worker_options
):
    monkeypatch.setenv("EUTERPE_CONVERTER_S3__SECRET_ACCESS_KEY", "secret")
    worker = await SynthWorker.start(soundfont, worker_options)
    async with worker.render(make_job(600)):
        [found] = await eventually(lambda: renders(os.getpid()))
        process = Path(f"/proc/{found.pid}")
        assert (process / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        assert b"EUTERPE" not in (process / "environ").read_bytes()
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        assert status["NoNewPrivs"].strip() == "1"
        assert status["Seccomp"].strip() == "2"
        limits = (process / "limits").read_text()
        assert f"Max address space         {worker_options.memory_bytes}" in limits
        assert "Max file size             0" in limits
        links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        assert not [link for link in links if link.startswith("socket:")]
    await worker.close()


async def test_a_render_uses_little_memory_beside_the_shared_soundfont(worker, make_job, renders, eventually):
    job = make_job(600)
    async with worker.render(job) as (_, body):
        [found] = await eventually(lambda: renders(os.getpid()))
        count = 0
        async for chunk in body:
            count += len(chunk)
            if count > 20_000_000:
                break
        rollup = Path(f"/proc/{found.pid}/smaps_rollup").read_text().splitlines()
        own = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
        assert own < 60 * 1024


async def test_a_missing_library_is_named_with_its_package(soundfont, tmp_path, worker_options):
    with pytest.raises(ToolMissing, match="Install the package `libfluidsynth3`"):
        await SynthWorker.start(soundfont, replace(worker_options, fluidsynth="libnosuch.so"))
    (tmp_path / "bad.sf2").write_bytes(b"RIFF\x04\x00\x00\x00sfbk")
    with pytest.raises(SoundFontMissing):
        await SynthWorker.start(tmp_path / "bad.sf2", worker_options)
