"""A stage as the service opens it, and jobs for it."""

from pathlib import Path

import pytest
import pytest_asyncio
from euterpe_converter.domain.audio import AudioFormat, Synthesis, choose_encoding
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.synth_worker import Stage, StageOptions

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
MEMORY = 1024 * 1024 * 1024


@pytest.fixture(scope="session")
def stage_options() -> StageOptions:
    return StageOptions("libfluidsynth.so.3", "ffmpeg", MEMORY, 60)


@pytest_asyncio.fixture(scope="module")
async def stage(stage_options):
    stage = await Stage.open(SOUNDFONT, stage_options)
    yield stage
    await stage.close()


@pytest.fixture
def make_job(make_midi):
    def make(seconds: float = 3.0, audio_format=AudioFormat.WAV, midi=None, bit_depth=None, **changes) -> RenderJob:
        encoding, synthesis = choose_encoding(audio_format, bit_depth=bit_depth), Synthesis(**changes)
        frames = synthesis.frames(seconds, encoding.sample_rate)
        return RenderJob(midi or make_midi(seconds, 20), frames, encoding, synthesis)

    return make


@pytest.fixture
def perform():
    """The whole body of a job."""

    async def whole(stage: Stage, job: RenderJob) -> bytes:
        async with stage.performing(job) as (_, body):
            return b"".join([chunk async for chunk in body])

    return whole
