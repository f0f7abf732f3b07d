"""Loads model bundles at the start and while serving. A bundle that cannot be loaded leaves the others unaffected."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import structlog
from euterpe_music.bundle import Bundle, BundleError, EnsembleBundle, MelodyBundle, load_any_bundle
from euterpe_music.catalogue import CatalogueError, parse_catalogue
from euterpe_music.manifest import Variant
from euterpe_music.parameters import Value
from euterpe_service_kit.background import LONG_TURN_SECONDS, BackgroundLoops
from euterpe_service_kit.errors import Unavailable

from euterpe_generator.clients.bundles import BundleSource
from euterpe_generator.engine.ensemble.critic import Critic
from euterpe_generator.engine.ensemble.network import EnsembleNetwork
from euterpe_generator.engine.ensemble.session import EnsembleSession
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.engine.providers import CUDA, on_gpu
from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.session import TokenSession
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.adapters import CrnnganAdapter
from euterpe_generator.models.catalogue import Catalogue, Model
from euterpe_generator.models.ensemble_adapter import EnsembleAdapter
from euterpe_generator.models.melody_adapter import PARTS, MelodyAdapter
from euterpe_generator.models.samples import read_samples

log = structlog.get_logger(__name__)

_SELF_TEST_STEPS = 16
#: Pieces and events by which the length of a model's pieces is estimated.
_CALIBRATION_PIECES, _CALIBRATION_STEPS = 4, 64


class ModelLoader:
    """Keeps the catalogue equal to the bundle source."""

    def __init__(
        self,
        source: BundleSource,
        catalogue: Catalogue,
        metrics: Metrics,
        *,
        slots: int,
        variant: Variant | None = None,
        max_models: int,
        poll_seconds: float,
        require_gpu: bool = False,
    ) -> None:
        self._source = source
        self._catalogue = catalogue
        self._metrics = metrics
        self._slots = slots
        self._variant = variant
        self._max_models = max_models
        self._poll_seconds = poll_seconds
        self._require_gpu = require_gpu
        #: Fingerprints of the bundles that were loaded or rejected; none is tried twice.
        self._tried: dict[str, str] = {}
        #: Content of the catalogue file that was read last.
        self._catalogue_text: bytes | None = None

    async def start(self, loops: BackgroundLoops) -> None:
        """Load the bundles that are there, and poll for more until the loops are stopped."""
        await self._poll()
        loops.start("models", self._turn, turn_seconds=LONG_TURN_SECONDS)

    async def _turn(self) -> None:
        await asyncio.sleep(self._poll_seconds)
        await self._poll()

    async def _poll(self) -> None:
        try:
            listed = await self._source.list()
            text = await self._source.catalogue()
        except (Unavailable, OSError) as error:
            log.warning("bundles_not_listed", error=repr(error))
            return
        # Before the bundles, so that a version with a small weight never composes all requests.
        self._set_weights(text)
        for path, fingerprint in listed.items():
            if self._tried.get(path) != fingerprint:
                await self._try(path, fingerprint)
        for key in self._catalogue.loaded():
            if key.replace("@", "/") not in listed:
                self._catalogue.retire(key)
        self._catalogue.unload_excess(self._max_models)

    def _set_weights(self, text: bytes | None) -> None:
        if text == self._catalogue_text:
            return
        self._catalogue_text = text
        try:
            weights = parse_catalogue(text).weights if text is not None else {}
        except CatalogueError as error:
            # The weights stay as they were.
            self._metrics.catalogue_rejected()
            log.error("catalogue_refused", reason=str(error))
            return
        self._catalogue.set_weights(weights)
        log.info("catalogue_loaded", weights=weights)

    async def _try(self, path: str, fingerprint: str) -> None:
        started = time.perf_counter()
        try:
            if path in self._tried and path.replace("/", "@") in self._catalogue.loaded():
                raise BundleError("a released version cannot change; release the new content as another version")
            model = await asyncio.to_thread(load_model, await self._source.fetch(path), self._slots, self._variant)
            if self._require_gpu and model.provider != CUDA:
                raise BundleError(
                    "ONNX Runtime runs it on the CPU, but this worker requires a GPU: check the device and its driver, "
                    "or set EUTERPE_GENERATOR_REQUIRE_GPU to false"
                )
        except Unavailable as error:
            log.warning("bundle_not_fetched", bundle=path, error=repr(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one bundle, the others are loaded
            self._tried[path] = fingerprint
            self._metrics.model_rejected()
            log.error("bundle_refused", bundle=path, reason=str(error))
            return
        self._tried[path] = fingerprint
        self._catalogue.add(model)
        seconds = time.perf_counter() - started
        self._metrics.model_loaded(model.name, model.version, model.provider, seconds)
        log.info("model_loaded", model=model.key, provider=model.provider, seconds=round(seconds, 3))


def load_model(directory: Path, slots: int, variant: Variant | None = None) -> Model:
    """Load a bundle and compose a test piece. Raises BundleError, or what the runtime raises.

    `variant` overrides the manifest's variant where the bundle has it. On a GPU the default is fp32, because ONNX
    Runtime's integer kernels run on the CPU.
    """
    variant = variant or ("fp32" if on_gpu() else None)
    bundle = load_any_bundle(directory)
    manifest = bundle.manifest
    if directory.parts[-2:] != (manifest.name, manifest.version):
        raise BundleError(f"the directory must be {manifest.name}/{manifest.version}, as in the manifest")
    model = _model(bundle, slots, variant)
    _self_test(model)
    return replace(model, samples=read_samples(directory))


def _model(bundle: Bundle | MelodyBundle | EnsembleBundle, slots: int, variant: Variant | None) -> Model:
    if isinstance(bundle, Bundle):
        return _crnngan(bundle, slots, variant)
    return _melody(bundle, slots, variant) if isinstance(bundle, MelodyBundle) else _ensemble(bundle, slots, variant)


def _crnngan(bundle: Bundle, slots: int, variant: Variant | None) -> Model:
    manifest = bundle.manifest
    session = OnnxSession(bundle.graph(variant), manifest.graph, rows=slots, critic=bundle.critic)
    # Allocates kernels and buffers before the first request.
    session.warm_up()
    scheduler = Scheduler(session, max_steps=manifest.sampling.length.max)
    adapter = CrnnganAdapter(bundle)
    model = Model(adapter, scheduler, session.provider)
    length = max(manifest.sampling.length.min, min(_CALIBRATION_STEPS, manifest.sampling.length.max))
    adapter.calibrate(_composed(model, _CALIBRATION_PIECES, length, manifest.sampling.check({})))
    return model


def _melody(bundle: MelodyBundle, slots: int, variant: Variant | None) -> Model:
    manifest = bundle.manifest
    networks = [
        StepNetwork(bundle.graph(name, variant or manifest.variant), manifest.graphs[name], max_sequences=slots)
        for name in PARTS
        if name in manifest.graphs
    ]
    session = TokenSession(networks, rows=slots)
    session.warm_up()
    adapter = MelodyAdapter(bundle)
    return Model(adapter, Scheduler(session, max_steps=adapter.max_steps), session.provider)


def _ensemble(bundle: EnsembleBundle, slots: int, variant: Variant | None) -> Model:
    info = bundle.manifest.critic
    critic = Critic(bundle.files[info.file]) if info else None
    network = EnsembleNetwork(bundle, bundle.variant(variant), rows=slots)
    session = EnsembleSession(network, rows=slots, critic=critic)
    session.warm_up()
    adapter = EnsembleAdapter(bundle)
    return Model(adapter, Scheduler(session, max_steps=adapter.max_steps), session.provider)


def _self_test(model: Model) -> None:
    parameters = model.sampling.check({})
    shortest = None if model.length is None else min(max(_SELF_TEST_STEPS, model.length.min), model.length.max)
    if "bars" in parameters:
        parameters["bars"] = next(one.limits["minimum"] for one in model.sampling.parameters if one.name == "bars")
    steps = model.adapter.count_steps(shortest, parameters, None)
    [events] = _composed(model, 1, steps, parameters)
    model.decode(events, parameters)


def _composed(model: Model, count: int, steps: int, parameters: dict[str, Value]) -> list[Array]:
    """Compose pieces with consecutive seeds from 0, as far as there is room for all of them at once."""
    for seed in range(count):
        inputs = model.adapter.session_inputs(parameters, None)
        model.scheduler.submit(Request(f"self-test-{seed}", "", seed=seed, steps=steps, inputs=inputs))
    pieces: dict[str, Array] = {}
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                pieces[update.id] = update.events
    if len(pieces) < count or not all(len(each) and np.isfinite(each).all() for each in pieces.values()):
        raise BundleError("a test piece failed: its events are missing or not finite")
    return list(pieces.values())
