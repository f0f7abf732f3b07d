"""The manifest of a model bundle: what a released model is, and how to run it."""

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from euterpe_music.spec import EventSpec

#: Raised when the manifest changes in a way that older readers would misunderstand.
FORMAT: Final = "euterpe-bundle/1"

Name = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TensorInfo(_Part):
    """One input or output of the graph. An axis is a fixed size or the name of a dynamic one."""

    name: str
    dtype: Literal["float32", "int64"] = "float32"
    axes: tuple[int | str, ...]


class StatePair(_Part):
    """A recurrent state: after a call, `output` is fed as `input` of the next one.

    `initial` says how a piece starts: with zeros, or with uniform draws in [0, 1) that are part of its seed.
    """

    input: str
    output: str
    initial: Literal["zeros", "uniform"]


class GraphInfo(_Part):
    """The file of the ONNX graph and its tensors.

    `noise` [steps, batch, noise] takes uniform draws in [0, 1), `events` [steps, batch, features] comes out; the
    number of steps and the batch are dynamic, and steps done in several calls equal the same steps in one.
    """

    file: str = "model.onnx"
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)
    opset: int
    noise: str = "noise"
    events: str = "events"
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    state: tuple[StatePair, ...]

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        inputs = {tensor.name: tensor for tensor in self.inputs}
        outputs = {tensor.name: tensor for tensor in self.outputs}
        if {self.noise, *(pair.input for pair in self.state)} != set(inputs):
            raise ValueError("inputs must be the noise and the states' inputs, and nothing else")
        if {self.events, *(pair.output for pair in self.state)} != set(outputs):
            raise ValueError("outputs must be the events and the states' outputs, and nothing else")
        for pair in self.state:
            if inputs[pair.input].axes != outputs[pair.output].axes:
                raise ValueError(f"state {pair.input} and {pair.output} differ in their axes")
        if len(inputs[self.noise].axes) != 3 or len(outputs[self.events].axes) != 3:
            raise ValueError("noise and events need the axes steps, batch, and a size")
        return self

    def input(self, name: str) -> TensorInfo:
        """The input called `name`; KeyError when there is none."""
        return {tensor.name: tensor for tensor in self.inputs}[name]

    def output(self, name: str) -> TensorInfo:
        """The output called `name`; KeyError when there is none."""
        return {tensor.name: tensor for tensor in self.outputs}[name]


class IntRange(_Part):
    """A whole-number parameter of sampling: its limits and what it is when nobody says."""

    min: int
    default: int
    max: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.default <= self.max:
            raise ValueError("min <= default <= max does not hold")
        return self


class Sampling(_Part):
    """What a listener may choose. `length` is the number of events of a piece."""

    length: IntRange


class CorpusInfo(_Part):
    """What the model was trained on: `sha256` is over the names and digests of the files that were used."""

    name: str
    files: int
    train: int
    validation: int
    test: int
    sha256: str
    source: str = ""


class TrainingInfo(_Part):
    """How the model was trained: the recipe with every setting, and what came out."""

    recipe: str
    settings: dict[str, Any]
    corpus: CorpusInfo
    #: What settings alone do not tell, such as changes on the way.
    notes: str = ""
    metrics: dict[str, Any] = Field(default_factory=dict)
    #: Measures of generated pieces and of held-out ones: name → {generated|held_out: {mean, q1, median, q3}}.
    measures: dict[str, Any] = Field(default_factory=dict)


class Manifest(_Part):
    """`manifest.json` of a bundle. The directory it lies in is models/<name>/<version>/."""

    format: Literal["euterpe-bundle/1"] = FORMAT
    kind: Literal["crnngan"]
    name: str = Name
    version: str = Field(pattern=r"^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$")
    title: str = Field(min_length=1, max_length=120)
    description: str = ""
    licence: str
    created: str
    spec: dict[str, Any]
    spec_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    graph: GraphInfo
    sampling: Sampling
    training: TrainingInfo | None = None

    @model_validator(mode="after")
    def _spec_matches(self) -> Self:
        spec = EventSpec.from_dict(self.spec)
        if spec.sha256 != self.spec_sha256:
            raise ValueError(f"the spec's hash is {spec.sha256}, but spec_sha256 states {self.spec_sha256}")
        if self.graph.output(self.graph.events).axes[-1] != spec.features:
            raise ValueError(f"the graph's events do not have the spec's {spec.features} features")
        return self

    @property
    def event_spec(self) -> EventSpec:
        """The spec as a value."""
        return EventSpec.from_dict(self.spec)

    @property
    def noise_size(self) -> int:
        """Uniform draws per step."""
        size = self.graph.input(self.graph.noise).axes[-1]
        if not isinstance(size, int):
            raise TypeError("the noise has no fixed size")
        return size
