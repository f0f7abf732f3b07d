"""The manifest of a model bundle: what a released model is, and how to run it."""

from collections.abc import Mapping
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from euterpe_music.parameters import Parameter, ParameterError, Value, check_parameters
from euterpe_music.postprocessing import program_number
from euterpe_music.spec import EventSpec

#: Raised when the manifest changes in a way that older readers would misunderstand.
FORMAT: Final = "euterpe-bundle/1"

#: How a network computes: in floats, or its large products in 8-bit integers.
Variant = Literal["fp32", "int8"]

#: The parameter by which several pieces are composed, of which the critic selects one.
CANDIDATES: Final = "candidates"
#: What bundles may be called: both are parts of a path, of a URL and of an object's key.
NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
VERSION_PATTERN: Final = r"^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$"


class Part(BaseModel):
    """Part of a manifest: whole, and unchanged once it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileInfo(Part):
    """A file of the bundle."""

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class TensorInfo(Part):
    """One input or output of the graph. An axis is a fixed size or the name of a dynamic one."""

    name: str
    dtype: Literal["float32", "int64"] = "float32"
    axes: tuple[int | str, ...]


class StatePair(Part):
    """A recurrent state: after a call, `output` is fed as `input` of the next one.

    `initial` says how a piece starts: with zeros, or with uniform draws in [0, 1) that are part of its seed.
    """

    input: str
    output: str
    initial: Literal["zeros", "uniform"]


class GraphInfo(Part):
    """The file of the ONNX graph and its tensors.

    `noise` [steps, batch, noise] takes uniform draws in [0, 1), `events` [steps, batch, features] comes out; the
    number of steps and the batch are dynamic, and steps done in several calls equal the same steps in one.
    `controls`, if there is one, names an input [batch, n] that stays the same over a piece; see Manifest.controls.
    """

    file: str = "model.onnx"
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)
    opset: int
    noise: str = "noise"
    controls: str | None = None
    events: str = "events"
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    state: tuple[StatePair, ...]

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        inputs = {tensor.name: tensor for tensor in self.inputs}
        outputs = {tensor.name: tensor for tensor in self.outputs}
        given = {self.noise} if self.controls is None else {self.noise, self.controls}
        if {*given, *(pair.input for pair in self.state)} != set(inputs):
            raise ValueError("inputs must be the noise, the controls if any and the states' inputs, and nothing else")
        if self.controls is not None and len(inputs[self.controls].axes) != 2:
            raise ValueError("controls need the axes batch and a size")
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


class IntRange(Part):
    """A whole-number setting: its limits and its default."""

    min: int
    default: int
    max: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.default <= self.max:
            raise ValueError("min <= default <= max does not hold")
        return self


class Sampling(Part):
    """Length and parameters of a model. `length` is in events; presets are values by parameter."""

    length: IntRange
    parameters: tuple[Parameter, ...] = ()
    presets: dict[str, dict[str, Value]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [parameter.name for parameter in self.parameters]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"there are two parameters {name}")
        named = {other for one in self.parameters for other in (*one.excludes, *one.only_with)}
        if unknown := sorted(named - set(names)):
            raise ValueError(f"excludes or only_with names parameters that there are not: {', '.join(unknown)}")
        for instrument in (choice for one in self.parameters if "instrument" in one.name for choice in one.choices):
            program_number(instrument)
        for preset, values in self.presets.items():
            try:
                self.check(values)
            except ParameterError as error:
                raise ValueError(f"preset {preset}, {error.name}: {error}") from error
        return self

    def check(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Every parameter that applies, with its value or default; raises ParameterError. See check_parameters."""
        return check_parameters(given, self.parameters)


class Control(Part):
    """One or more numbers of the network's controls, made from a parameter.

    `value` feeds (value - offset) · scale, where true is 1 and false 0; `one_hot` feeds one number per choice.
    """

    parameter: str
    feed: Literal["value", "one_hot"] = "value"
    offset: float = 0.0
    scale: float = 1.0


class CorpusInfo(Part):
    """What the model was trained on: `sha256` is over the names and digests of the files that were used."""

    name: str
    files: int
    train: int
    validation: int
    test: int
    sha256: str
    source: str = ""


class TrainingInfo(Part):
    """How the model was trained: the recipe with every setting, and what came out."""

    recipe: str
    settings: dict[str, Any]
    corpus: CorpusInfo
    #: What settings alone do not tell, such as changes on the way.
    notes: str = ""
    metrics: dict[str, Any] = Field(default_factory=dict)
    #: Measures of generated pieces and of held-out ones: name → {generated|held_out: {mean, q1, median, q3}}.
    measures: dict[str, Any] = Field(default_factory=dict)


class ManifestBase(Part):
    """The fields of `manifest.json` that every kind of model has. Its directory is models/<name>/<version>/."""

    format: Literal["euterpe-bundle/1"] = FORMAT
    name: str = Field(pattern=NAME_PATTERN)
    version: str = Field(pattern=VERSION_PATTERN)
    title: str = Field(min_length=1, max_length=120)
    description: str = ""
    licence: str
    created: str
    sampling: Sampling
    training: TrainingInfo | None = None


class Manifest(ManifestBase):
    """The manifest of a C-RNN-GAN.

    `int8` is the same graph with its LSTM layers in integers, where the bundle has it. `variant` is the one that is run
    unless a deployment says otherwise. `critic` is a graph from the `events` [events, features] of a piece to a `score`
    [1], by which the best of several candidates (the parameter `candidates`) is selected.
    """

    kind: Literal["crnngan"]
    spec: dict[str, Any]
    spec_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    graph: GraphInfo
    int8: FileInfo | None = None
    variant: Variant = "fp32"
    critic: FileInfo | None = None
    #: What the input `controls` of the graph consists of, in order.
    controls: tuple[Control, ...] = ()

    @model_validator(mode="after")
    def _variant_exists(self) -> Self:
        if self.variant == "int8" and self.int8 is None:
            raise ValueError("the variant is int8, but there is no such graph")
        return self

    @model_validator(mode="after")
    def _spec_matches(self) -> Self:
        spec = EventSpec.from_dict(self.spec)
        if spec.sha256 != self.spec_sha256:
            raise ValueError(f"the spec's hash is {spec.sha256}, but spec_sha256 states {self.spec_sha256}")
        if self.graph.output(self.graph.events).axes[-1] != spec.features:
            raise ValueError(f"the graph's events do not have the spec's {spec.features} features")
        return self

    @model_validator(mode="after")
    def _controls_fit(self) -> Self:
        parameters = {parameter.name: parameter for parameter in self.sampling.parameters}
        for control in self.controls:
            parameter = parameters.get(control.parameter)
            if parameter is None or parameter.post:
                raise ValueError(f"a control is fed by {control.parameter}, which is no parameter of the network")
            if (control.feed == "one_hot") != (parameter.kind == "choice"):
                raise ValueError(f"{control.parameter}: one_hot is for choices, value for all other parameters")
        fed = {control.parameter for control in self.controls} | ({CANDIDATES} if self.critic else set())
        idle = [one.name for one in self.sampling.parameters if not one.post and one.name not in fed]
        if idle:
            raise ValueError(f"these parameters change nothing: {', '.join(idle)}")
        size = 0 if self.graph.controls is None else self.graph.input(self.graph.controls).axes[-1]
        made = sum(len(parameters[one.parameter].choices) or 1 for one in self.controls)
        if size != made:
            raise ValueError(f"the controls make {made} numbers, but the graph takes {size}")
        return self

    def control_vector(self, values: Mapping[str, Value]) -> NDArray[np.float32]:
        """The network's controls [n] for checked values of the parameters; a missing one counts as its default."""
        parameters = {parameter.name: parameter for parameter in self.sampling.parameters}
        numbers: list[float] = []
        for control in self.controls:
            parameter = parameters[control.parameter]
            value = values.get(parameter.name, parameter.default)
            if control.feed == "one_hot":
                numbers += [float(choice == value) for choice in parameter.choices]
            else:
                numbers.append((float(value) - control.offset) * control.scale)
        return np.array(numbers, np.float32)

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
