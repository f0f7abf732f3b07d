"""The models that this process can compose with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from euterpe_music.bundle import Bundle, BundleError, load_bundle
from euterpe_music.events import decode
from euterpe_music.manifest import IntRange
from euterpe_music.piece import Piece
from euterpe_service_kit.errors import FieldProblem, Unavailable

from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.engine.request import Array
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.errors import InvalidParameters

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded bundle, and the scheduler that composes with it."""

    bundle: Bundle
    scheduler: Scheduler

    @property
    def key(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.bundle.manifest.name

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self.bundle.manifest.version

    @property
    def kind(self) -> str:
        """The family of the network."""
        return self.bundle.manifest.kind

    @property
    def title(self) -> str:
        """The name that people read."""
        return self.bundle.manifest.title

    @property
    def description(self) -> str:
        """What it does, for people."""
        return self.bundle.manifest.description

    @property
    def length(self) -> IntRange:
        """Limits and default of a piece's length in events."""
        return self.bundle.manifest.sampling.length

    @property
    def features(self) -> int:
        """Floats per event."""
        return self.bundle.spec.features

    def decode(self, events: Array) -> Piece:
        """The piece that the network's events [steps, features] mean."""
        return decode(events, self.bundle.spec)


class Catalogue:
    """Models by name and version; of several versions the newest is meant when none is named."""

    def __init__(self, models: Sequence[Model], *, default: str = "") -> None:
        self.models = sorted(models, key=lambda model: (model.name, _version_key(model.version)))
        self._by_key = {model.key: model for model in self.models}
        # Sorted by version, so the newest of each name remains.
        self._newest = {model.name: model for model in self.models}
        self._default = default

    @classmethod
    def load(cls, directory: Path, *, default: str, slots: int) -> "Catalogue":
        """Loads every bundle in `<directory>/<name>/<version>/`; one that cannot be trusted is left out and logged."""
        models = []
        for path in sorted(directory.glob("*/*/manifest.json")):
            try:
                models.append(_load(path.parent, slots))
            except (BundleError, ValueError, RuntimeError) as error:
                log.error("bundle_refused", bundle=str(path.parent), reason=str(error))
        log.info("models_loaded", models=[model.key for model in models])
        return cls(models, default=default)

    @property
    def default(self) -> Model:
        """The model for requests that name none; raises Unavailable when there is no model at all."""
        if self._default in self._newest:
            return self._newest[self._default]
        if not self.models:
            raise Unavailable("No model is loaded.", retry_after_seconds=30)
        return next(iter(self._newest.values()))

    def keys(self) -> list[str]:
        """`name@version` of all models."""
        return list(self._by_key)

    def schedulers(self) -> dict[str, Scheduler]:
        """The engine's part of each model."""
        return {model.key: model.scheduler for model in self.models}

    def find(self, wanted: str | None) -> Model:
        """The model `name@version`, the newest `name`, or the default for None; raises InvalidParameters."""
        if wanted is None:
            return self.default
        model = self._by_key.get(wanted) or self._newest.get(wanted)
        if model is None:
            known = ", ".join(self._newest) or "none"
            message = f"there is no model {wanted!r}; there are: {known}"
            problem = FieldProblem("body.model", message, {"models": list(self._by_key)})
            raise InvalidParameters(f"body.model: {message}.", fields=[problem])
        return model

    async def check(self) -> None:
        """Raises while there is no model."""
        _ = self.default


def check_in_range(field: str, value: int | None, limits: IntRange) -> int:
    """The value, or the default for None; raises InvalidParameters outside the range."""
    if value is None:
        return limits.default
    if not limits.min <= value <= limits.max:
        message = f"must be between {limits.min} and {limits.max}, not {value}"
        problem = FieldProblem(field, message, {"minimum": limits.min, "maximum": limits.max})
        raise InvalidParameters(f"{field}: {message}.", fields=[problem])
    return value


def _load(directory: Path, slots: int) -> Model:
    bundle = load_bundle(directory)
    manifest = bundle.manifest
    if directory.parts[-2:] != (manifest.name, manifest.version):
        raise BundleError(f"the manifest says {manifest.name}/{manifest.version}, the directory does not")
    session = OnnxSession(bundle.model, manifest.graph, rows=slots)
    # Loads every kernel and every buffer before the first listener pays for it.
    session.warm_up()
    return Model(bundle, Scheduler(session, max_steps=manifest.sampling.length.max))


def _version_key(version: str) -> tuple[Any, ...]:
    core, _, suffix = version.partition("-")
    return (*(int(part) for part in core.split("+")[0].split(".")), not suffix, suffix)
