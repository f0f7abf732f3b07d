"""Families of networks: what differs between them once a piece is asked for, and once it is composed."""

from collections.abc import Mapping
from typing import Any, Protocol

from euterpe_music.bundle import Bundle
from euterpe_music.events import decode
from euterpe_music.manifest import IntRange, ManifestBase
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece
from euterpe_music.postprocessing import apply_postprocessing
from euterpe_service_kit.errors import FieldProblem

from euterpe_generator.domain.generation import Prompt
from euterpe_generator.engine.request import Array
from euterpe_generator.errors import InvalidParameters


class Family(Protocol):
    """A loaded bundle as its family understands it."""

    @property
    def manifest(self) -> ManifestBase:
        """The bundle's manifest."""
        ...

    @property
    def kind(self) -> str:
        """The family's name."""
        ...

    @property
    def features(self) -> int:
        """Floats per event."""
        ...

    @property
    def length(self) -> IntRange | None:
        """Limits of a piece's length in events; None where a parameter says how long it is."""
        ...

    def prepare(
        self, settings: Mapping[str, Value], given: Mapping[str, Any], prompt: Prompt | None
    ) -> dict[str, Value]:
        """The settings once a prompt has had its say, where `given` is what the listener set; InvalidParameters."""
        ...

    def steps(self, length: int | None, settings: Mapping[str, Value], prompt: Prompt | None) -> int:
        """How many events a piece has at most; raises InvalidParameters for a length that cannot be."""
        ...

    def given(self, settings: Mapping[str, Value], prompt: Prompt | None) -> Any:
        """What the session takes at the start of a piece."""
        ...

    def read_prompt(self, midi: bytes, bars: int | None, settings: Mapping[str, Value]) -> Prompt:
        """What a piece is to begin with or to accompany; raises InvalidParameters for what cannot be."""
        ...

    def decode(self, events: Array, settings: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """The piece that events [steps, features] mean, as the settings want it to sound."""
        ...


def wrong(field: str, message: str, **limits: Any) -> InvalidParameters:
    """The error that names a field."""
    return InvalidParameters(f"{field}: {message}.", fields=[FieldProblem(field, message, limits)])


class CrnnganFamily:
    """Networks whose events are the numbers of notes; see Family."""

    kind = "crnngan"

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.manifest = bundle.manifest
        self.features = bundle.spec.features
        self.length: IntRange | None = bundle.manifest.sampling.length

    def prepare(
        self,
        settings: Mapping[str, Value],
        given: Mapping[str, Any],  # noqa: ARG002 - nothing here depends on it
        prompt: Prompt | None,  # noqa: ARG002
    ) -> dict[str, Value]:
        """See Family."""
        return dict(settings)

    def steps(
        self,
        length: int | None,
        settings: Mapping[str, Value],  # noqa: ARG002
        prompt: Prompt | None,  # noqa: ARG002
    ) -> int:
        """See Family."""
        limits = self.manifest.sampling.length
        if length is None:
            return limits.default
        if not limits.min <= length <= limits.max:
            message = f"must be between {limits.min} and {limits.max}, not {length}"
            raise wrong("body.length", message, minimum=limits.min, maximum=limits.max)
        return length

    def given(self, settings: Mapping[str, Value], prompt: Prompt | None) -> Array:  # noqa: ARG002
        """See Family: the network's controls [n]."""
        return self.manifest.control_vector(settings)

    def read_prompt(self, midi: bytes, bars: int | None, settings: Mapping[str, Value]) -> Prompt:  # noqa: ARG002
        """See Family."""
        raise wrong("body.prompt", f"the model {self.manifest.name} begins from nothing; melody models take a prompt")

    def decode(self, events: Array, settings: Mapping[str, Value], prompt: Prompt | None) -> Piece:  # noqa: ARG002
        """See Family."""
        return apply_postprocessing(decode(events, self._bundle.spec), settings)
