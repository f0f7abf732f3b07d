"""Model adapters: what differs between kinds of networks, from the parameters of a request to the decoded piece."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from euterpe_music.bundle import Bundle
from euterpe_music.events import decode
from euterpe_music.manifest import IntRange, ManifestBase
from euterpe_music.meter import COMMON_TIME, MeterChange
from euterpe_music.parameters import Value
from euterpe_music.piece import Piece
from euterpe_music.postprocessing import apply_postprocessing

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.requests import PromptSource
from euterpe_generator.engine.request import Array
from euterpe_generator.errors import InvalidParameters


def refuse_length(length: int | None) -> None:
    """Raise InvalidParameters for a length of a piece whose length is the parameter `bars`."""
    if length is not None:
        message = "is not supported by this model; set parameters.bars instead"
        raise InvalidParameters.for_field("body.length", message)


class ModelAdapter(Protocol):
    """A loaded bundle of one kind of network."""

    @property
    def manifest(self) -> ManifestBase:
        """The bundle's manifest."""
        ...

    @property
    def kind(self) -> str:
        """The kind of network, as in the manifest."""
        ...

    @property
    def features(self) -> int:
        """Floats per event."""
        ...

    @property
    def length(self) -> IntRange | None:
        """Limits of a piece's length in events; None if a parameter determines it."""
        ...

    def resolve_parameters(
        self, parameters: Mapping[str, Value], requested: Mapping[str, Any], prompt: Prompt | None
    ) -> dict[str, Value]:
        """Return the parameters adapted to the prompt. `requested` holds those that the user set.

        Raises InvalidParameters if they contradict each other or the prompt.
        """
        ...

    def count_steps(self, length: int | None, parameters: Mapping[str, Value], prompt: Prompt | None) -> int:
        """Return the maximum number of events of a piece. Raises InvalidParameters for a length out of range."""
        ...

    def estimate(self, length: int, parameters: Mapping[str, Value]) -> Estimate:
        """Return the expected length of a piece of `length` events; a parameter may determine it instead."""
        ...

    def session_inputs(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> Any:
        """Return the inputs of the session for a piece; see Session.reset."""
        ...

    def read_prompt(
        self, midi: bytes, source: PromptSource, parameters: Mapping[str, Value], stored: Mapping[str, Any]
    ) -> Prompt:
        """Read a prompt from a MIDI file; `stored` are the parameters that the file was generated with, if any.

        Raises InvalidParameters if the model cannot use it.
        """
        ...

    def decode(self, events: Array, parameters: Mapping[str, Value], prompt: Prompt | None) -> Piece:
        """Decode events [steps, features] into a piece with its meter and, where it is known, its key."""
        ...

    def current_track(self, events: Array) -> int | None:
        """Return the track of the decoded piece that the last of events [steps, features] belongs to.

        None means that all tracks are composed together, in the order of time.
        """
        ...


class CrnnganAdapter:
    """Networks whose events are notes as numbers; see ModelAdapter."""

    kind = "crnngan"

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.manifest = bundle.manifest
        self.features = bundle.spec.features
        self.length: IntRange | None = bundle.manifest.sampling.length
        self._quarters_per_event = 0.0

    def resolve_parameters(
        self,
        parameters: Mapping[str, Value],
        requested: Mapping[str, Any],  # noqa: ARG002 - part of the protocol
        prompt: Prompt | None,  # noqa: ARG002
    ) -> dict[str, Value]:
        """See ModelAdapter."""
        return dict(parameters)

    def count_steps(
        self,
        length: int | None,
        parameters: Mapping[str, Value],  # noqa: ARG002
        prompt: Prompt | None,  # noqa: ARG002
    ) -> int:
        """See ModelAdapter."""
        limits = self.manifest.sampling.length
        if length is None:
            return limits.default
        if not limits.min <= length <= limits.max:
            message = f"must be between {limits.min} and {limits.max}, got {length}"
            raise InvalidParameters.for_field("body.length", message, minimum=limits.min, maximum=limits.max)
        return length

    def calibrate(self, pieces: Sequence[Array]) -> None:
        """Learn from composed events [steps, features] how long an event lasts on average."""
        quarters = [self._quarters(events) / len(events) for events in pieces]
        self._quarters_per_event = float(np.mean(quarters))

    def estimate(self, length: int, parameters: Mapping[str, Value]) -> Estimate:
        """See ModelAdapter: from the pieces of `calibrate`, so that density and style are not considered."""
        bpm = float(parameters.get("tempo", self._bundle.spec.bpm))
        quarters = length * self._quarters_per_event
        return Estimate.of(quarters, bar_quarters=COMMON_TIME.bar_quarters, bpm=bpm)

    def _quarters(self, events: Array) -> float:
        piece = decode(events, self._bundle.spec)
        return piece.end_tick / piece.ticks_per_quarter

    def session_inputs(self, parameters: Mapping[str, Value], prompt: Prompt | None) -> Array:  # noqa: ARG002
        """See ModelAdapter: the network's controls [n]."""
        return self.manifest.control_vector(parameters)

    def read_prompt(
        self,
        midi: bytes,  # noqa: ARG002
        source: PromptSource,  # noqa: ARG002
        parameters: Mapping[str, Value],  # noqa: ARG002
        stored: Mapping[str, Any],  # noqa: ARG002
    ) -> Prompt:
        """See ModelAdapter."""
        message = f"the model {self.manifest.name} does not support prompts; choose a melody model or omit the prompt"
        raise InvalidParameters.for_field("body.prompt", message)

    def decode(self, events: Array, parameters: Mapping[str, Value], prompt: Prompt | None) -> Piece:  # noqa: ARG002
        """See ModelAdapter. The networks know no meter; 4/4 is assumed."""
        piece = replace(decode(events, self._bundle.spec), meters=(MeterChange(0, COMMON_TIME),))
        return apply_postprocessing(_held_to_bar_line(piece), parameters)

    def current_track(self, events: Array) -> int:  # noqa: ARG002
        """See ModelAdapter."""
        return 0


def _held_to_bar_line(piece: Piece) -> Piece:
    """Return the piece with the notes of the last onset held until the bar line after their release.

    The networks compose a number of events, not of bars, so that the last notes end anywhere.
    """
    if not len(piece.notes):
        return piece
    notes = piece.notes.copy()
    is_last = notes["onset"] == notes["onset"].max()
    onsets = notes["onset"][is_last]
    released = int((onsets + notes["duration"][is_last]).max())
    bar_lines = piece.bar_starts
    notes["duration"][is_last] = bar_lines[np.searchsorted(bar_lines, released)] - onsets
    return piece.with_notes(notes)
