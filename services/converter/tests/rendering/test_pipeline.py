"""Renders end cleanly, in whatever way they end."""

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import pytest
import pytest_asyncio
from euterpe_converter.domain.audio import AudioFormat, SynthesisOptions
from euterpe_converter.errors import RenderFailed, RenderTimeout, ToolMissing
from euterpe_converter.rendering.pipeline import Renderer, RenderJob
from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.tools import Toolchain

MEMORY = 1024 * 1024 * 1024


@pytest.fixture
def make_job(make_midi, soundfont):
    def make(seconds: float = 3.0, audio_format: AudioFormat = AudioFormat.MP3, **changes) -> RenderJob:
        given = {
            "midi": make_midi(seconds, 20),
            "music_seconds": seconds,
            "soundfont": SoundFont(soundfont, ""),
            "format": audio_format,
            "synthesis": SynthesisOptions(),
        }
        return RenderJob(**(given | changes))

    return make


@pytest_asyncio.fixture(autouse=True)
async def nothing_left(children, tmp_path, monkeypatch):
    """After each of these tests there is no process, no descriptor and no file more than before."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    await asyncio.create_subprocess_exec("true")
    before = _descriptors()
    yield
    assert children(os.getpid()) == []
    assert list(tmp_path.glob("tmp*")) == []
    await asyncio.sleep(0.01)
    assert _descriptors() <= before


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _renderer(*, timeout: float = 60.0, memory: int = MEMORY, **tools: str) -> Renderer:
    return Renderer(Toolchain(**tools), timeout_seconds=timeout, memory_bytes=memory)


def _program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("audio_format", list(AudioFormat))
async def test_the_same_job_gives_the_same_bytes(make_job, audio_format):
    job = make_job(5, audio_format)
    digests = set()
    for _ in range(2):
        with await _renderer().render(job) as audio:
            digests.add(hashlib.sha256(audio.read()).hexdigest())
    assert len(digests) == 1


async def test_renders_at_once_give_the_same_bytes_as_alone(make_job):
    jobs = [make_job(5) for _ in range(3)]
    together = await asyncio.gather(*(_renderer().render(job) for job in jobs))
    for job, audio in zip(jobs, together, strict=True):
        with audio, await _renderer().render(job) as alone:
            assert audio.read() == alone.read()


@pytest.mark.parametrize("victim", ["fluidsynth", "ffmpeg"])
async def test_a_killed_program_fails_its_render_and_no_other(make_job, children, eventually, victim):
    rendering = asyncio.create_task(_renderer().render(make_job(600)))
    found = await eventually(lambda: [child for child in children(os.getpid()) if child.command == victim])
    os.kill(found[0].pid, signal.SIGKILL)
    with pytest.raises(RenderFailed) as failure:
        await rendering
    assert failure.value.stage == {"fluidsynth": "synthesiser", "ffmpeg": "encoder"}[victim]
    (await _renderer().render(make_job())).close()


async def test_a_cancelled_render_leaves_nothing(make_job, children, eventually):
    rendering = asyncio.create_task(_renderer().render(make_job(600)))
    await eventually(lambda: len(children(os.getpid())) == 2)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering


async def test_a_render_that_hangs_is_ended(make_job, tmp_path):
    hang = _program(tmp_path / "hang", "exec sleep 600")
    with pytest.raises(RenderTimeout, match=r"0\.3 seconds"):
        await _renderer(timeout=0.3, fluidsynth=hang).render(make_job())


async def test_a_synthesiser_that_reports_damage_and_success_has_failed(make_job, tmp_path):
    liar = _program(tmp_path / "liar", "echo 'fluidsynth: error: Out of memory' >&2; head -c 2000000 /dev/zero")
    with pytest.raises(RenderFailed):
        await _renderer(fluidsynth=liar).render(make_job())
    with pytest.raises(RenderFailed):
        await _renderer().render(make_job(midi=b"MThd and nothing more"))


async def test_a_soundfont_that_does_not_fit_the_memory_fails(make_job):
    with pytest.raises(RenderFailed):
        await _renderer(memory=60 * 1024 * 1024).render(make_job())


async def test_a_missing_program_is_named_with_its_package(make_job):
    with pytest.raises(ToolMissing, match="Install the package `fluidsynth`"):
        await _renderer(fluidsynth="no-such-synth").render(make_job())
    with pytest.raises(ToolMissing, match="Install the package `ffmpeg`"):
        await Toolchain(ffmpeg="no-such-encoder").versions()


async def test_children_do_not_see_the_services_secrets(make_job, tmp_path, monkeypatch):
    monkeypatch.setenv("EUTERPE_CONVERTER_S3__SECRET_ACCESS_KEY", "very secret")
    spy = _program(tmp_path / "spy", "env >&2; exit 1")
    with pytest.raises(RenderFailed) as failure:
        await _renderer(fluidsynth=spy).render(make_job())
    assert "PATH=" in failure.value.complaint
    assert "very secret" not in failure.value.complaint


async def test_music_that_ends_before_its_file_does_not_wait_for_the_end(make_job, decode):
    # A minute of silence after the last note is in the file, and not in the audio.
    job = make_job(60, AudioFormat.WAV, music_seconds=2.0)
    with await _renderer().render(job) as audio:
        assert decode(audio.read()).seconds == 4.0


async def test_audio_is_as_long_as_announced_when_the_file_ends_early(make_job, decode):
    with await _renderer().render(make_job(1, AudioFormat.WAV, music_seconds=30.0)) as audio:
        sound = decode(audio.read())
    assert sound.seconds == 32.0
    assert sound.rms(0, 1) > 100
