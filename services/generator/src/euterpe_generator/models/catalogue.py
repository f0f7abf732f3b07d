"""The models that this process can compose with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from euterpe_music.manifest import IntRange, Sampling
from euterpe_music.parameters import ParameterError, Value
from euterpe_music.piece import Piece
from euterpe_service_kit.errors import FieldProblem, Unavailable

from euterpe_generator.domain.generation import Generation, Prompt
from euterpe_generator.engine.request import Array, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.errors import InvalidParameters, ModelNotFound
from euterpe_generator.models.adapters import Family


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded bundle, and the scheduler that composes with it."""

    family: Family
    scheduler: Scheduler
    #: The execution provider, as ONNX Runtime names it.
    provider: str
    #: A short piece of its, as a MIDI file; None for a bundle without one.
    sample: bytes | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.family.manifest.name

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self.family.manifest.version

    @property
    def kind(self) -> str:
        """The family of the network."""
        return self.family.kind

    @property
    def title(self) -> str:
        """The name that people read."""
        return self.family.manifest.title

    @property
    def description(self) -> str:
        """What it does, for people."""
        return self.family.manifest.description

    @property
    def length(self) -> IntRange | None:
        """Limits and default of a piece's length in events; None where a parameter says how long it is."""
        return self.family.length

    @property
    def features(self) -> int:
        """Floats per event."""
        return self.family.features

    @property
    def sampling(self) -> Sampling:
        """What a listener may set of it."""
        return self.family.manifest.sampling

    def decode(
        self, events: Array, settings: Mapping[str, Value] = MappingProxyType({}), prompt: Prompt | None = None
    ) -> Piece:
        """The piece that the network's events [steps, features] mean, as the settings want it to sound."""
        return self.family.decode(events, settings, prompt)


class Catalogue:
    """Models by name and version; of several versions the newest is meant when none is named.

    A retired model is no longer found by its name alone, but what was ordered with it is still composed.
    """

    def __init__(self, *, default: str = "") -> None:
        self._default = default
        self._by_key: dict[str, Model] = {}
        self._retired: set[str] = set()
        self._on_change: list[Callable[[], None]] = []

    @property
    def models(self) -> list[Model]:
        """All models that orders may name, by name and version."""
        offered = (model for key, model in self._by_key.items() if key not in self._retired)
        return sorted(offered, key=lambda model: (model.name, _version_key(model.version)))

    def add(self, model: Model) -> None:
        """Adds a model that was loaded."""
        self._by_key[model.key] = model
        self._retired.discard(model.key)
        self._changed()

    def retire(self, key: str) -> None:
        """Takes a model off the offer, because its bundle is gone."""
        self._retired.add(key)

    def shrink(self, most: int) -> None:
        """Drops models until `most` are loaded: retired ones first, then old versions, and only what is idle."""
        newest = {model.key for model in self._newest.values()}
        candidates = sorted(
            (model for model in self._by_key.values() if model.key not in newest and model.scheduler.idle),
            key=lambda model: (model.key not in self._retired, _version_key(model.version)),
        )
        for model in candidates[: max(len(self._by_key) - most, 0)]:
            del self._by_key[model.key]
            self._retired.discard(model.key)
            self._changed()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Has `listener` called after every change of what is loaded."""
        self._on_change.append(listener)

    def _changed(self) -> None:
        for listener in self._on_change:
            listener()

    @property
    def _newest(self) -> dict[str, Model]:
        # Sorted by version, so the newest of each name remains.
        return {model.name: model for model in self.models}

    @property
    def default(self) -> Model:
        """The model for requests that name none; raises Unavailable when there is no model at all."""
        newest = self._newest
        if not newest:
            raise Unavailable("No model is loaded.", retry_after_seconds=30)
        return newest.get(self._default) or next(iter(newest.values()))

    def loaded(self) -> list[str]:
        """`name@version` of all models in memory, retired ones included."""
        return list(self._by_key)

    def schedulers(self) -> dict[str, Scheduler]:
        """The engine's part of each model."""
        return {key: model.scheduler for key, model in self._by_key.items()}

    def request(self, generation: Generation, ticket: str) -> Request:
        """What the engine is asked for a generation; raises KeyError when its model is not loaded any more."""
        model = self._by_key[f"{generation.model}@{generation.model_version}"]
        given = model.family.given(generation.settings, generation.prompt)
        return Request(ticket, generation.listener.key, generation.seed, generation.length, given)

    def find(self, wanted: str | None) -> Model:
        """The model `name@version`, the newest `name`, or the default for None; raises InvalidParameters."""
        if wanted is None:
            return self.default
        model = self._look_up(wanted)
        if model is None:
            known = ", ".join(self._newest) or "none"
            message = f"there is no model {wanted!r}; there are: {known}"
            problem = FieldProblem("body.model", message, {"models": [model.key for model in self.models]})
            raise InvalidParameters(f"body.model: {message}.", fields=[problem])
        return model

    def get(self, wanted: str) -> Model:
        """The model `name@version` or the newest `name`; raises ModelNotFound."""
        model = self._look_up(wanted)
        if model is None:
            raise ModelNotFound
        return model

    def _look_up(self, wanted: str) -> Model | None:
        return self._by_key.get(wanted) or self._newest.get(wanted)

    async def check(self) -> None:
        """Raises while there is no model."""
        _ = self.default


def checked_parameters(field: str, given: Mapping[str, Any], model: Model) -> dict[str, Value]:
    """All settings of a piece of the model, defaults included; raises InvalidParameters."""
    try:
        return model.sampling.check(given)
    except ParameterError as error:
        problem = FieldProblem(f"{field}.{error.name}", str(error), error.limits)
        raise InvalidParameters(f"{problem.field}: {error}.", fields=[problem]) from error


def _version_key(version: str) -> tuple[Any, ...]:
    core, _, suffix = version.partition("-")
    return (*(int(part) for part in core.split("+")[0].split(".")), not suffix, suffix)
