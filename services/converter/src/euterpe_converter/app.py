"""Wiring of the converter's HTTP app."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial

import httpx
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.background import LONG_TURN_SECONDS, BackgroundLoops
from euterpe_service_kit.errors import ServiceError
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.revocations import PULL_SECONDS, remote_revocations
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.security import MethodScopes
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.tokens import ACCESS, RemoteKeys, TokenVerifier
from fastapi import FastAPI

from euterpe_converter.clients.library import LibraryClient
from euterpe_converter.errors import ToolMissing
from euterpe_converter.metrics import Metrics
from euterpe_converter.rendering.budget import RenderBudget
from euterpe_converter.rendering.cache import RenditionCache
from euterpe_converter.rendering.eviction import PREFIX, EvictionLimits, Evictor
from euterpe_converter.rendering.midi_reader import MidiReader, ReadingLimits
from euterpe_converter.rendering.pool import RenderPool
from euterpe_converter.rendering.renderer import Renderer
from euterpe_converter.rendering.soundfont import SoundFontSource
from euterpe_converter.rendering.soundfont_store import SoundFontStore
from euterpe_converter.rendering.synth_worker import SynthWorkerOptions
from euterpe_converter.rendering.synth_worker_pool import SynthWorkerPool
from euterpe_converter.routes import audio, conversions, pianorolls, renditions, scores, soundfonts, stems, usage
from euterpe_converter.services.audio import AudioService
from euterpe_converter.services.pictures import PictureService
from euterpe_converter.services.prerendering import Prerenderer
from euterpe_converter.services.scores import ScoreService
from euterpe_converter.services.stems import StemService
from euterpe_converter.settings import Settings

#: Time and memory for one score; verovio takes about four seconds and 60 MB for a mebibyte of MusicXML.
_SCORE_SECONDS, _SCORE_MEMORY_BYTES = 90.0, 1024 * 1024 * 1024
DESCRIPTION = "Songs and MIDI files as WAV, MP3, FLAC, Opus and Ogg Vorbis."
_TAGS = {
    "audio": "Play or download songs as audio.",
    "conversions": "Convert MIDI files to audio.",
    "pictures": "Draw songs as piano rolls.",
    "scores": "Songs as sheet music.",
    "soundfonts": "List SoundFonts and instruments.",
}
SCOPES = MethodScopes(read="songs:read", write="songs:write")


def create_app(settings: Settings) -> FastAPI:
    """Create the converter's HTTP app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _open(app, settings, stack)
            yield

    app = create_base_app("converter", settings, lifespan=lifespan, description=DESCRIPTION, tags=_TAGS, scopes=SCOPES)
    app.state.settings = settings
    app.include_router(audio.router)
    app.include_router(renditions.router)
    app.include_router(conversions.router)
    app.include_router(pianorolls.router)
    app.include_router(scores.router)
    app.include_router(soundfonts.router)
    app.include_router(stems.router)
    app.include_router(usage.router)
    return app


async def _open(app: FastAPI, settings: Settings, stack: AsyncExitStack) -> None:
    state = app.state
    state.object_store = ObjectStore(settings.s3)
    stack.callback(state.object_store.close)
    http = await stack.enter_async_context(httpx.AsyncClient())
    keys, revocations = RemoteKeys(settings.jwks_url, http), remote_revocations(settings.jwks_url, http)
    state.access_verifier = TokenVerifier(keys, ACCESS, revocations=revocations)
    tokens = ServiceTokenSource(settings.peer, http)
    channel = peer_channel(settings.library_target, tokens, tls=settings.rpc_tls_directory)
    stack.push_async_callback(channel.close, None)
    state.soundfonts = SoundFontSource(settings.soundfont, settings.soundfonts, _remote(settings, state.object_store))
    limits = ReadingLimits(settings.max_upload_bytes, settings.max_notes, settings.max_duration_seconds)
    reader, picture_reader = MidiReader(limits), MidiReader(limits)
    stack.push_async_callback(reader.close)
    stack.push_async_callback(picture_reader.close)
    score_reader = MidiReader(replace(limits, timeout_seconds=_SCORE_SECONDS, memory_bytes=_SCORE_MEMORY_BYTES))
    stack.push_async_callback(score_reader.close)
    metrics = Metrics(state.registry)
    cache = RenditionCache(state.object_store, memory_bytes=settings.memory_cache_bytes)
    workers = SynthWorkerPool(_worker_options(settings), max_workers=settings.loaded_soundfonts)
    stack.push_async_callback(workers.close)
    eviction_limits = EvictionLimits(settings.cache_age_seconds, settings.cache_size_bytes)
    evictor = Evictor(state.object_store, cache, metrics, eviction_limits)
    budget = RenderBudget(settings.budget_limits)
    pool = RenderPool(
        workers=settings.workers,
        queue_limit=settings.queue_limit,
        metrics=metrics,
        window_bytes=settings.window_bytes,
        linger_seconds=settings.linger_seconds,
        limits=settings.worker_limits,
        jobs_per_principal=settings.renders_per_principal,
        budget=budget,
    )
    # Closed before the workers, so that cancelled renders can clean up.
    stack.push_async_callback(pool.close)
    library = LibraryClient(channel)
    state.pictures = PictureService(library=library, store=state.object_store, reader=picture_reader)
    state.scores = ScoreService(library=library, store=state.object_store, reader=score_reader, pool=pool)
    state.audio = AudioService(
        library=library,
        store=state.object_store,
        cache=cache,
        reader=reader,
        soundfonts=state.soundfonts,
        workers=workers,
        renderer=Renderer(workers, cache, evictor, metrics, timeout_seconds=settings.render_timeout_seconds),
        pool=pool,
        budget=budget,
        metrics=metrics,
    )
    state.stems = StemService(library=library, store=state.object_store, reader=picture_reader, audio=state.audio)
    state.prerenderer = Prerenderer(state.audio)
    stack.push_async_callback(state.prerenderer.close)
    loops = BackgroundLoops("converter", state.registry, state.readiness)
    stack.push_async_callback(loops.stop)
    loops.start("revocations", revocations.refresh, interval_seconds=PULL_SECONDS)
    loops.start("eviction", evictor.sweep, interval_seconds=settings.sweep_seconds, turn_seconds=LONG_TURN_SECONDS)
    _add_readiness_checks(app, settings, workers)
    await asyncio.gather(_warm_up(state.soundfonts, workers), reader.start())


def _remote(settings: Settings, store: ObjectStore) -> SoundFontStore | None:
    if settings.soundfonts_prefix is None:
        return None
    directory, size = settings.soundfonts_cache, settings.soundfonts_cache_bytes
    return SoundFontStore(store, settings.soundfonts_prefix, directory, max_bytes=size)


def _worker_options(settings: Settings) -> SynthWorkerOptions:
    return SynthWorkerOptions(
        fluidsynth=settings.fluidsynth,
        ffmpeg=settings.ffmpeg,
        memory_bytes=settings.render_memory_bytes,
        cpu_seconds=int(settings.render_timeout_seconds) + 1,
        require_sandbox=settings.sandbox_required,
    )


def _add_readiness_checks(app: FastAPI, settings: Settings, workers: SynthWorkerPool) -> None:
    soundfonts: SoundFontSource = app.state.soundfonts

    async def check_fluidsynth() -> None:
        await workers.versions(await soundfonts.named())

    async def check_ffmpeg() -> None:
        if shutil.which(settings.ffmpeg) is None:
            raise ToolMissing(settings.ffmpeg, "ffmpeg")

    readiness = app.state.readiness
    readiness.add("object_store", partial(app.state.object_store.ping, PREFIX))
    readiness.add("soundfont", soundfonts.check)
    readiness.add("fluidsynth", check_fluidsynth)
    readiness.add("ffmpeg", check_ffmpeg)


async def _warm_up(soundfonts: SoundFontSource, workers: SynthWorkerPool) -> None:
    """Load the default SoundFont, so that the first request does not wait for it."""
    with contextlib.suppress(ServiceError):
        await workers.versions(await soundfonts.named())
