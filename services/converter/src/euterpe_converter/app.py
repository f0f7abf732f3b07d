"""All wiring of the converter in one place."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import structlog
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.object_store import ObjectInfo, ObjectStore
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.tokens import ACCESS, RemoteKeys, TokenVerifier
from fastapi import FastAPI

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.midi_reader import MidiReader, ReadingLimits
from euterpe_converter.rendering.pipeline import Renderer
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.soundfont import SoundFontSource
from euterpe_converter.rendering.tools import Toolchain
from euterpe_converter.routes import audio, conversions
from euterpe_converter.services.audio import AudioService
from euterpe_converter.settings import Settings

log = structlog.get_logger(__name__)

DESCRIPTION = "Songs and MIDI files as WAV, MP3 and FLAC."


def create_app(settings: Settings) -> FastAPI:
    """The converter's HTTP app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _open(app, settings, stack)
            yield

    app = create_base_app("converter", settings, lifespan=lifespan, description=DESCRIPTION)
    app.state.settings = settings
    app.include_router(audio.router)
    app.include_router(conversions.router)
    return app


async def _open(app: FastAPI, settings: Settings, stack: AsyncExitStack) -> None:
    state = app.state
    state.object_store = ObjectStore(settings.s3)
    stack.callback(state.object_store.close)
    http = await stack.enter_async_context(httpx.AsyncClient())
    state.access_verifier = TokenVerifier(RemoteKeys(settings.jwks_url, http), ACCESS)
    channel = peer_channel(settings.library_target, ServiceTokenSource(settings.peer, http))
    stack.push_async_callback(channel.close, None)
    tools = Toolchain(settings.fluidsynth, settings.ffmpeg)
    soundfonts = SoundFontSource(settings.soundfont)
    reader = MidiReader(ReadingLimits(settings.max_upload_bytes, settings.max_notes, settings.max_duration_seconds))
    stack.push_async_callback(reader.close)
    metrics = Metrics(state.registry)
    pool = RenderPool[ObjectInfo](workers=settings.workers, queue_limit=settings.queue_limit, metrics=metrics)
    # Entered last, so closed first: renders that are cut off clean up while everything else still stands.
    stack.push_async_callback(pool.close)
    state.audio = AudioService(
        library=LibraryClient(channel),
        store=state.object_store,
        reader=reader,
        soundfonts=soundfonts,
        tools=tools,
        renderer=Renderer(
            tools, timeout_seconds=settings.render_timeout_seconds, memory_bytes=settings.render_memory_bytes
        ),
        pool=pool,
        metrics=metrics,
    )
    _watch(app, tools, soundfonts)
    await asyncio.gather(_warm_up(tools, soundfonts), reader.start())


def _watch(app: FastAPI, tools: Toolchain, soundfonts: SoundFontSource) -> None:
    readiness = app.state.readiness
    readiness.add("object_store", app.state.object_store.ping)
    readiness.add("soundfont", soundfonts.check)
    readiness.add("fluidsynth", tools.synthesizer.check)
    readiness.add("ffmpeg", tools.encoder.check)


async def _warm_up(tools: Toolchain, soundfonts: SoundFontSource) -> None:
    """Reads the SoundFont, which also brings it into the page cache, and asks for versions: not the first listener."""
    for part in (soundfonts.current, tools.versions):
        with contextlib.suppress(Unavailable):
            log.info("renderer_part", part=str(await part()))
