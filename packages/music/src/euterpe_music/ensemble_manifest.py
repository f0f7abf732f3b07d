"""The manifest of a bundle whose network composes note events for many instruments."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from euterpe_music.manifest import FileInfo, ManifestBase, Part, StatePair, TensorInfo, Variant
from euterpe_music.note_events.features import (
    DENSITY_EDGES,
    ECHO_COUNT,
    ECHO_SIZES,
    FEATURES,
    MAX_PARTS,
    POLYPHONY_EDGES,
)
from euterpe_music.note_events.spec import COLUMN_SIZES, COLUMNS, FORMAT, METERS
from euterpe_music.note_events.vocabulary import vocabulary_sha256

#: Conditions that a network may have been trained to follow.
Condition = Literal["style", "parts", "key", "bars", "chords", "density", "polyphony", "range"]
ColumnTemperature = Annotated[float, Field(ge=0.3, le=2)]
#: Style numbers and parts, which stay the same over a piece.
STATIC_COUNT = 3 + MAX_PARTS


class EventGraph(Part):
    """A graph in one or more variants that have the same tensors; the axis `batch` is the only dynamic one."""

    variants: dict[Variant, FileInfo] = Field(min_length=1)
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    state: tuple[StatePair, ...] = ()

    @model_validator(mode="after")
    def _states_fit(self) -> Self:
        inputs = {tensor.name: tensor for tensor in self.inputs}
        outputs = {tensor.name: tensor for tensor in self.outputs}
        for tensor in (*self.inputs, *self.outputs):
            if tensor.axes[:1] != ("batch",) or any(isinstance(axis, str) for axis in tensor.axes[1:]):
                raise ValueError(f"{tensor.name} needs the axis batch first, and no other dynamic one")
        for pair in self.state:
            if pair.input not in inputs or pair.output not in outputs:
                raise ValueError(f"the state {pair.input} has no input or no output")
            if inputs[pair.input].axes != outputs[pair.output].axes or pair.initial != "zeros":
                raise ValueError(f"the state {pair.input} must begin with zeros and keep its axes")
        return self

    def input(self, name: str) -> TensorInfo:
        """Return the input called `name`. Raises KeyError where there is none."""
        return {tensor.name: tensor for tensor in self.inputs}[name]


class StyleInfo(Part):
    """A style that the network knows, as a path from genre to composer, and what is usual in it.

    `numbers` are those of genre, kind and composer among the network's inputs, 0 for unknown; `meter` is the commonest
    one, `key` as well ("" where none is known), `tempo` the median in quarters per minute, and `instruments` those that
    play together most often, one for each part. `density` and `polyphony` are the medians of the conditions of these
    names over the bars of pieces for these instruments; 0 where they are not known.
    """

    path: str = Field(pattern=r"^[^/]+(/[^/]+){0,2}$")
    numbers: tuple[int, int, int]
    pieces: int = Field(ge=1)
    meter: str
    tempo: float = Field(gt=0)
    key: str = ""
    instruments: tuple[str, ...] = ()
    density: int = Field(default=0, ge=0, le=len(DENSITY_EDGES) + 1)
    polyphony: int = Field(default=0, ge=0, le=len(POLYPHONY_EDGES) + 1)


class EnsembleManifest(ManifestBase):
    """The manifest of an ensemble network.

    `step` computes what the heads begin with (`entries`) after one event; `heads` gives the logits of the columns of
    the next event, one after another. `events` and `events_sha256` say which version of note events the numbers belong
    to. `terms` says what may be done with the pieces. With `has_common_key` the network composes in C major and A
    minor, and music is transposed to it and from it (`note_events.common_key`). `critic` is a graph from the features
    of a piece's notes (`note_events.critic_features`) to a score, by which the best of several candidates is selected.
    The temperature of a request is multiplied by that of each column, by genre and "any" (`column_temperatures`), and
    pitches that complete a figure become likelier by nats (`figure_strengths`, see `note_events.figure_memory`).
    """

    kind: Literal["ensemble"]
    events: int
    events_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    opset: int
    step: EventGraph
    heads: tuple[EventGraph, ...]
    variant: Variant
    styles: tuple[StyleInfo, ...]
    conditions: tuple[Condition, ...]
    critic: FileInfo | None = None
    prompt_bars: int = Field(default=256, ge=1)
    has_common_key: bool = False
    column_temperatures: dict[str, tuple[ColumnTemperature, ...]] = Field(default_factory=dict)
    figure_strengths: dict[str, Annotated[float, Field(ge=0, le=8)]] = Field(default_factory=dict)
    terms: str = ""

    @model_validator(mode="after")
    def _is_this_version(self) -> Self:
        if self.events != FORMAT or self.events_sha256 != vocabulary_sha256():
            raise ValueError(
                f"the note events are of version {self.events} ({self.events_sha256[:12]}); this software has "
                f"version {FORMAT} ({vocabulary_sha256()[:12]})"
            )
        return self

    @model_validator(mode="after")
    def _graphs_fit(self) -> Self:
        if len(self.heads) != len(COLUMNS):
            raise ValueError(f"there must be {len(COLUMNS)} heads, got {len(self.heads)}")
        if any(len(temperatures) != len(COLUMNS) for temperatures in self.column_temperatures.values()):
            raise ValueError(f"there must be {len(COLUMNS)} temperatures for each genre")
        if not all(self.variant in graph.variants for graph in (self.step, *self.heads)):
            raise ValueError(f"the variant {self.variant} is not in the bundle")
        sizes = {"values": len(FEATURES), "echoes": ECHO_COUNT * len(ECHO_SIZES), "statics": STATIC_COUNT}
        inputs = {tensor.name: tensor.axes for tensor in self.step.inputs}
        if set(inputs) != {*sizes, *(pair.input for pair in self.step.state)}:
            raise ValueError("the inputs of step must be values, echoes, statics and the states, and nothing else")
        for name, size in sizes.items():
            if inputs[name] != ("batch", size):
                raise ValueError(f"step: {name} needs the axes batch and {size}")
        for column, (graph, size) in enumerate(zip(self.heads, COLUMN_SIZES, strict=True)):
            if [tensor.axes for tensor in graph.outputs] != [("batch", size)]:
                raise ValueError(f"the head of {COLUMNS[column]} needs one output with the axes batch and {size}")
        return self

    @model_validator(mode="after")
    def _styles_fit(self) -> Self:
        meters = {f"{count}/{unit}" for count, unit in METERS}
        if wrong := [style.path for style in self.styles if style.meter not in meters]:
            raise ValueError(f"these styles have unknown meters: {', '.join(wrong)}")
        parameters = {one.name: one for one in self.sampling.parameters}
        if "style" in parameters and parameters["style"].choices[1:] != tuple(style.path for style in self.styles):
            raise ValueError("the choices of the parameter style are not the styles")
        if "meter" in parameters and not set(parameters["meter"].choices[1:]) <= meters:
            raise ValueError("the parameter meter has choices that are not meters of note events")
        return self

    @property
    def files(self) -> tuple[FileInfo, ...]:
        """All files of the bundle but the manifest."""
        graphs = (info for graph in (self.step, *self.heads) for info in graph.variants.values())
        return (*graphs, *([self.critic] if self.critic else []))
