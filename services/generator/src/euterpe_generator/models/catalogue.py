"""The models that are loaded in this process."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np
from euterpe_music.catalogue import Weights
from euterpe_music.ensemble_manifest import EnsembleManifest
from euterpe_music.manifest import IntRange, Sampling, TrainingInfo
from euterpe_music.parameters import ParameterError, Value
from euterpe_music.piece import Piece
from euterpe_service_kit.errors import Unavailable

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.generation import Generation
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.versions import version_key
from euterpe_generator.engine.request import Array, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.errors import InvalidParameters, ModelNotFound
from euterpe_generator.models.adapters import ModelAdapter
from euterpe_generator.models.figures import Figure, figures_of
from euterpe_generator.models.melody_replacement import REPLACEMENT_CANDIDATES
from euterpe_generator.models.offered_parameters import key_remedy
from euterpe_generator.models.samples import Samples


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded bundle with its scheduler."""

    adapter: ModelAdapter
    scheduler: Scheduler
    #: The execution provider, as ONNX Runtime names it.
    provider: str
    samples: Samples = field(default_factory=Samples, repr=False)

    @property
    def key(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.adapter.manifest.name

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self.adapter.manifest.version

    @property
    def kind(self) -> str:
        """The kind of network."""
        return self.adapter.kind

    @property
    def title(self) -> str:
        """The display name."""
        return self.adapter.manifest.title

    @property
    def description(self) -> str:
        """A description for users."""
        return self.adapter.manifest.description

    @property
    def licence(self) -> str:
        """The licence of the bundle."""
        return self.adapter.manifest.licence

    @property
    def training(self) -> TrainingInfo | None:
        """What the model was trained on; None if the bundle does not record it."""
        return self.adapter.manifest.training

    @property
    def terms(self) -> str:
        """What limits the use of the model's pieces; empty if the bundle records nothing."""
        manifest = self.adapter.manifest
        return manifest.terms if isinstance(manifest, EnsembleManifest) else ""

    @property
    def figures(self) -> list[Figure]:
        """The recorded measures of the model's music."""
        return figures_of(self.adapter.manifest)

    @property
    def length(self) -> IntRange | None:
        """Limits and default of a piece's length in events; None if a parameter determines it."""
        return self.adapter.length

    @property
    def features(self) -> int:
        """Floats per event."""
        return self.adapter.features

    @property
    def sampling(self) -> Sampling:
        """The parameters that users can set."""
        return self.adapter.manifest.sampling

    def decode(
        self, events: Array, parameters: Mapping[str, Value] = MappingProxyType({}), prompt: Prompt | None = None
    ) -> Piece:
        """Decode the network's events [steps, features] into a piece."""
        return self.adapter.decode(events, parameters, prompt)

    @property
    def default_estimate(self) -> Estimate:
        """The expected length of a piece with default parameters."""
        return self.adapter.estimate(self.length.default if self.length else 0, self.sampling.check({}))

    def check_parameters(self, field_name: str, requested: Mapping[str, Any]) -> dict[str, Value]:
        """Return all parameters, including defaults. Raises InvalidParameters, naming fields below `field_name`."""
        try:
            return self.sampling.check(requested)
        except ParameterError as error:
            remedy = key_remedy(requested.get(error.name)) if error.name == "key" else ""
            field_path = f"{field_name}.{error.name}"
            raise InvalidParameters.for_field(field_path, f"{error}{remedy}", **error.limits) from error


class Catalogue:
    """Models by name and version. A name without a version means one of its versions by weight, or else its newest.

    A retired model cannot be requested by name, but generations that already use it are still composed.
    """

    def __init__(self, *, default: str = "", default_by_length: str = "") -> None:
        self._default, self._default_by_length = default, default_by_length
        self._by_key: dict[str, Model] = {}
        self._retired: set[str] = set()
        self._on_change: list[Callable[[], None]] = []
        self._weights: Weights = {}

    @property
    def models(self) -> list[Model]:
        """All models that can be requested, by name and version."""
        offered = (model for key, model in self._by_key.items() if key not in self._retired)
        return sorted(offered, key=lambda model: (model.name, version_key(model.version)))

    def add(self, model: Model) -> None:
        """Add a loaded model."""
        self._by_key[model.key] = model
        self._retired.discard(model.key)
        self._notify()

    def retire(self, key: str) -> None:
        """Stop offering a model whose bundle was removed."""
        self._retired.add(key)

    def set_weights(self, weights: Weights) -> None:
        """Replace the weights of versions, by name and version; see euterpe_music.catalogue."""
        self._weights = weights

    def shares(self) -> dict[str, float]:
        """Return for each model that can be requested its share of the requests for its name without a version."""
        return {model.key: share for versions in self._versions.values() for model, share in self._shares_of(versions)}

    def unload_excess(self, max_models: int) -> None:
        """Unload idle models until at most `max_models` are loaded: retired ones first, then old versions.

        Versions that compose requests for their name stay.
        """
        shares = self.shares()
        candidates = sorted(
            (model for model in self._by_key.values() if not shares.get(model.key) and model.scheduler.idle),
            key=lambda model: (model.key not in self._retired, version_key(model.version)),
        )
        for model in candidates[: max(len(self._by_key) - max_models, 0)]:
            del self._by_key[model.key]
            self._retired.discard(model.key)
            self._notify()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` after every change of the loaded models."""
        self._on_change.append(callback)

    @property
    def default(self) -> Model:
        """The model for requests that name none. Raises Unavailable if no model is loaded."""
        main = self._main
        if not main:
            raise Unavailable("No model is loaded.", retry_after_seconds=30)
        return main.get(self._default) or next(iter(main.values()))

    def loaded(self) -> list[str]:
        """List `name@version` of all models in memory, including retired ones."""
        return list(self._by_key)

    def schedulers(self) -> dict[str, Scheduler]:
        """Return the scheduler of each model in memory."""
        return {key: model.scheduler for key, model in self._by_key.items()}

    def engine_request(self, generation: Generation, request_id: str) -> Request:
        """Build the engine's request for a generation. Raises KeyError if its model is not in memory."""
        model = self._by_key[generation.model_key]
        inputs = model.adapter.session_inputs(generation.parameters, generation.prompt)
        # Bars of a melody are those after which the next ones are most likely.
        is_compared = generation.prompt is not None and bool(generation.prompt.after)
        candidates = int(generation.parameters.get("candidates", REPLACEMENT_CANDIDATES if is_compared else 1))
        return Request(request_id, generation.owner.key, generation.seed, generation.length, inputs, candidates)

    def resolve(
        self,
        requested: str | None,
        *,
        has_length: bool = False,
        field_name: str = "body.model",
        user: str | None = None,
    ) -> Model:
        """Return the model `name@version`, a version of `name`, or the default for None. Raises InvalidParameters.

        A request that `has_length` in events and names no model is for one whose length is counted in events. For a
        `user`, the version is chosen by weight, always the same one while the weights are; else it is the main one.
        """
        if requested is None:
            model: Model | None = self._default_for_length() if has_length else self.default
        else:
            model = self._by_key.get(requested) or self._main.get(requested)
        if model is None:
            known = ", ".join(self._main) or "none"
            message = f"must be one of the loaded models ({known}), got {requested!r}"
            raise InvalidParameters.for_field(field_name, message, models=[one.key for one in self.models])
        if user is None or requested == model.key:
            return model
        return self._choose(self._versions[model.name], user)

    def _choose(self, versions: Sequence[Model], user: str) -> Model:
        """Return the version for a user: versions divide the interval [0, 1), in which a user has a fixed place."""
        digest = hashlib.sha256(f"{versions[0].name}\0{user}".encode()).digest()
        place = int.from_bytes(digest[:8]) / 2**64
        # The newest ends at 1, so that users of a canary keep it when its share grows.
        shares = [(model, share) for model, share in self._shares_of(versions) if share]
        for model, share in shares:
            if place < share:
                return model
            place -= share
        return shares[-1][0]

    def _shares_of(self, versions: Sequence[Model]) -> list[tuple[Model, float]]:
        """Return versions of one model, oldest first, with their shares; only loaded versions have one."""
        weights = [self._weights.get(model.name, {}).get(model.version, 0.0) for model in versions]
        if not any(weights):
            weights = [float(model is versions[-1]) for model in versions]
        return [(model, weight / sum(weights)) for model, weight in zip(versions, weights, strict=True)]

    def _default_for_length(self) -> Model:
        main = self._main.values()
        preferred = (self.default, *(model for model in main if model.name == self._default_by_length), *main)
        return next((model for model in preferred if model.length is not None), self.default)

    def get(self, requested: str) -> Model:
        """Return the model `name@version` or the main version of `name`. Raises ModelNotFound."""
        model = self._by_key.get(requested) or self._main.get(requested)
        if model is None:
            raise ModelNotFound
        return model

    def composes_tracks_together(self, key: str) -> bool:
        """Return whether a loaded model composes all tracks of a piece in the order of time; False for others."""
        model = self._by_key.get(key)
        return model is not None and model.adapter.current_track(np.zeros((0, model.features), np.float32)) is None

    async def check(self) -> None:
        """Raise Unavailable if no model is loaded."""
        _ = self.default

    @property
    def _versions(self) -> dict[str, list[Model]]:
        """The versions of each name that can be requested, oldest first."""
        return {name: list(group) for name, group in groupby(self.models, key=lambda model: model.name)}

    @property
    def _main(self) -> dict[str, Model]:
        """The version of each name with the largest share; of equal ones the newest."""
        return {
            name: max(reversed(self._shares_of(versions)), key=lambda entry: entry[1])[0]
            for name, versions in self._versions.items()
        }

    def _notify(self) -> None:
        for callback in self._on_change:
            callback()
