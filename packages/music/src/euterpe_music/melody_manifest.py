"""The manifest of a bundle whose networks speak in tokens: a melody and what accompanies it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from euterpe_music.manifest import FileInfo, ManifestBase, Part, StatePair, TensorInfo, Variant
from euterpe_music.tokens import METERS, ConditioningFeature, Form, Meter
from euterpe_music.tokens.conditioning import UNKNOWN_MODE
from euterpe_music.tokens.conditioning import Name as ConditionName


class VocabularyInfo(FileInfo):
    """The words of one stream, as euterpe_music.tokens.Vocabulary writes them; `size` counts all of them."""

    stream: Literal["steps", "pitches", "durations"]
    size: int = Field(ge=3)


class ConditionInfo(Part):
    """One column of the conditions; see euterpe_music.tokens.ConditioningFeature."""

    name: ConditionName
    size: int = Field(ge=1)
    offset: int = 0

    @property
    def column(self) -> ConditioningFeature:
        """The column as a value."""
        return ConditioningFeature(self.name, self.size, self.offset)


class TokenGraph(Part):
    """A graph that takes every row of its batch one step further.

    `token` [batch, streams] int64 is the last token of each stream (at the beginning 0, the vocabularies' BEGIN),
    `condition` [batch, conditions] int64 the conditioning features of this step; `logits` [batch, sum of the
    vocabularies' sizes] comes out, the streams side by side. A state's axis `batch` is the only dynamic one, and every
    state begins with zeros. All variants have the same tensors; their rows must not depend on each other.
    """

    variants: dict[Variant, FileInfo]
    opset: int
    token: str = "token"  # noqa: S105 - the name of a tensor
    condition: str | None = None
    logits: str = "logits"
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    state: tuple[StatePair, ...] = Field(min_length=1)
    vocabularies: tuple[VocabularyInfo, ...]
    conditions: tuple[ConditionInfo, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "fp32" not in self.variants:
            raise ValueError("there is no variant fp32")
        inputs = {tensor.name: tensor for tensor in self.inputs}
        outputs = {tensor.name: tensor for tensor in self.outputs}
        fed = {self.token} if self.condition is None else {self.token, self.condition}
        if fed | {pair.input for pair in self.state} != set(inputs):
            raise ValueError("inputs must be token, condition if any and the states' inputs, and nothing else")
        if {self.logits, *(pair.output for pair in self.state)} != set(outputs):
            raise ValueError("outputs must be logits and the states' outputs, and nothing else")
        return self

    @model_validator(mode="after")
    def _axes_fit(self) -> Self:
        inputs = {tensor.name: tensor for tensor in self.inputs}
        outputs = {tensor.name: tensor for tensor in self.outputs}
        for pair in self.state:
            axes = inputs[pair.input].axes
            if axes != outputs[pair.output].axes or [axis for axis in axes if isinstance(axis, str)] != ["batch"]:
                raise ValueError(
                    f"state {pair.input} needs one dynamic axis, batch, and the same axes before and after"
                )
            if pair.initial != "zeros":
                raise ValueError(f"state {pair.input} must begin with zeros")
        expected = {self.token: len(self.vocabularies), self.logits: sum(one.size for one in self.vocabularies)}
        if self.condition is not None:
            expected[self.condition] = len(self.conditions)
        for name, size in expected.items():
            if (inputs | outputs)[name].axes != ("batch", size):
                raise ValueError(f"{name} needs the axes batch and {size}")
        if (self.condition is None) != (not self.conditions):
            raise ValueError("conditions and their input belong together")
        return self

    def input(self, name: str) -> TensorInfo:
        """The input called `name`; KeyError when there is none."""
        return {tensor.name: tensor for tensor in self.inputs}[name]


class MelodyManifest(ManifestBase):
    """The manifest of melody networks (thesis 001).

    `encoding` 1 has the stream `steps`, 2 has `pitches` and `durations` (references.md §2). Conditions count
    sixteenths; in encoding 2 a network gets those of the sixteenth in which its event begins. `styles` are the choices
    of the parameter `style`, in the order of the condition's numbers. `variant` is the default; a deployment may choose
    another. `sampling.length` limits bars. `prompt_bars` is the longest prompt.
    """

    kind: Literal["melody"]
    encoding: Literal[1, 2]
    styles: tuple[str, ...] = ()
    graphs: dict[Literal["melody", "accompaniment"], TokenGraph]
    variant: Variant = "fp32"
    #: Style → its default meter, e.g. jigs: 6/8; 4/4 for all others.
    style_meters: dict[str, str] = Field(default_factory=dict)
    #: `white`: the networks are trained on white keys, C major and A minor. Prompts are transposed to them, and pieces
    #: from them: back, or to the requested key (see tokens.tonality).
    #: `any`: the networks compose in any key, and a requested key restricts the legal notes.
    tonality: Literal["any", "white"] = "any"
    prompt_bars: int = Field(default=16, ge=1)
    #: Default tempo, in quarters per minute.
    bpm: float = Field(default=120.0, ge=4, le=1000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if "melody" not in self.graphs:
            raise ValueError("there is no graph for the melody")
        streams = ("steps",) if self.encoding == 1 else ("pitches", "durations")
        for name, graph in self.graphs.items():
            if tuple(one.stream for one in graph.vocabularies) != streams:
                raise ValueError(f"{name}: encoding {self.encoding} needs vocabularies for {' and '.join(streams)}")
            self._check_conditions(name, graph)
        if not self.style_meters.keys() <= set(self.styles) or not {*self.style_meters.values()} <= {*map(str, METERS)}:
            raise ValueError("style_meters names styles or meters that do not exist")
        parameters = {one.name: one for one in self.sampling.parameters}
        if "style" in parameters and parameters["style"].choices != self.styles:
            raise ValueError("the choices of the parameter style are not the styles")
        if "meter" in parameters and not set(parameters["meter"].choices) <= {str(meter) for meter in METERS}:
            raise ValueError("the parameter meter has choices that are not meters of euterpe_music.tokens")
        return self

    def _check_conditions(self, name: str, graph: TokenGraph) -> None:
        for condition in graph.conditions:
            if condition.name == "melody" and name == "melody":
                raise ValueError("the melody's network cannot be conditioned on the melody")
            if condition.name == "echo" and (self.encoding != 1 or condition.size != graph.vocabularies[0].size):
                raise ValueError(f"{name}: the condition echo needs encoding 1 and a value for each token")
            if condition.name == "style" and condition.size < len(self.styles):
                raise ValueError(f"{name}: the condition style has fewer values than there are styles")

    @property
    def has_modes(self) -> bool:
        """Whether the melody's network can be asked for a major or a minor key."""
        names = {condition.name for condition in self.graphs["melody"].conditions}
        return self.tonality != "white" or "mode" in names

    def form(self, bars: int, style: str | None = None, meter: str | None = None, *, mode: int = UNKNOWN_MODE) -> Form:
        """Return the frame of a piece for its conditions; defaults are the first style and its meter."""
        chosen = style or next(iter(self.styles), "")
        signature = Meter.parse(meter or self.style_meters.get(chosen, str(METERS[0])))
        place = self.styles.index(chosen) if chosen in self.styles else 0
        return Form(bars * signature.bar, signature, place, mode=mode)

    @property
    def files(self) -> tuple[FileInfo, ...]:
        """All files of the bundle but the manifest."""
        each = (one for graph in self.graphs.values() for one in (*graph.variants.values(), *graph.vocabularies))
        return tuple({one.file: one for one in each}.values())
