"""A synth worker as the service starts it, and jobs for it."""

from pathlib import Path

import pytest
import pytest_asyncio
from euterpe_converter.domain.audio import Synthesis
from euterpe_converter.domain.formats import AudioFormat, choose_encoding
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.synth_worker import SynthWorker, SynthWorkerOptions

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
MEMORY = 1024 * 1024 * 1024


@pytest.fixture(scope="session")
def worker_options() -> SynthWorkerOptions:
    return SynthWorkerOptions("libfluidsynth.so.3", "ffmpeg", MEMORY, 60)


@pytest_asyncio.fixture(scope="module")
async def worker(worker_options):
    worker = await SynthWorker.start(SOUNDFONT, worker_options)
    yield worker
    await worker.close()


@pytest.fixture
def make_job(make_midi):
    def make(seconds: float = 3.0, audio_format=AudioFormat.WAV, midi=None, bit_depth=None, **changes) -> RenderJob:
        encoding, synthesis = choose_encoding(audio_format, bit_depth=bit_depth), Synthesis(**changes)
        frames = synthesis.frames(seconds, encoding.sample_rate)
        return RenderJob(midi or make_midi(seconds, 20), frames, encoding, synthesis)

    return make


@pytest.fixture
def render_all():
    """Render a whole job, and return its body."""

    async def collect(worker: SynthWorker, job: RenderJob) -> bytes:
        async with worker.render(job) as (_, body):
            return b"".join([chunk async for chunk in body])

    return collect
