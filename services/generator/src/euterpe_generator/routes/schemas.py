"""What goes over the wire."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from euterpe_music.parameters import Parameter
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

from euterpe_generator.domain.generation import MAX_SEED, Generation, Place, Prompt, Status
from euterpe_generator.models.catalogue import Model
from euterpe_generator.services.request_resolution import MAX_PROMPT_BARS, PromptWish, Wish

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]


Name = Annotated[str, StringConstraints(max_length=40)]
#: Values are checked against the model's manifest; here they need only be plain.
Parameters = Annotated[dict[Name, bool | int | float | str], Field(max_length=64)]


class PromptRequest(BaseModel):
    """A beginning: a MIDI file or one of the songs that you may read, of either the first bars."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"song_id": str(UUID(int=7)), "bars": 4}]}
    )

    midi: Base64Bytes | None = Field(
        default=None, max_length=700_000, description="A standard MIDI file of at most 700 kB, in Base64."
    )
    song_id: UUID | None = Field(default=None, description="A song of yours, or one that others let you read.")
    bars: int | None = Field(
        default=None, ge=1, le=MAX_PROMPT_BARS, strict=True, description="How many; by default all that fit."
    )

    def wish(self) -> PromptWish:
        """The prompt as the use case takes it."""
        return PromptWish(self.midi, None if self.song_id is None else str(self.song_id), self.bars)


class GenerationRequest(BaseModel):
    """A piece to compose. Everything may be left out; what is left out is chosen and told."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"model": "crnngan-classical", "seed": 7, "length": 100, "title": "Dawn"}]},
    )

    model: str | None = Field(default=None, max_length=100, description="`name` or `name@version`, from GET /models.")
    seed: int | None = Field(
        default=None, ge=0, le=MAX_SEED, strict=True, description="The same seed gives the same piece, to the byte."
    )
    length: int | None = Field(
        default=None, ge=1, le=1_000_000, strict=True, description="Events; the model's manifest has the limits."
    )
    title: Title | None = Field(default=None, description="Shown in the library.")
    count: int = Field(
        default=1, ge=1, le=64, strict=True, description="Variations: the others have the seeds after this one."
    )
    background: bool = Field(default=False, description="Compose it only while nothing else waits.")

    prompt: PromptRequest | None = Field(default=None, description="What a melody model begins with, or accompanies.")
    parameters: Parameters = Field(
        default_factory=dict,
        description="What else may be set of the model: names, ranges and advice from GET /models.",
    )

    def wish(self) -> Wish:
        """The request as the use case takes it."""
        return Wish(
            self.model,
            self.seed,
            self.length,
            self.title,
            self.count,
            self.background,
            self.parameters,
            None if self.prompt is None else self.prompt.wish(),
        )


class PlaceView(BaseModel):
    """A place in the queue."""

    position: int = Field(ge=1, examples=[3])
    estimated_wait_seconds: float | None = Field(
        default=None, description="From the pace of the last seconds.", examples=[1.5]
    )


class PromptView(BaseModel):
    """What became of a prompt."""

    bars: int = Field(description="Bars that were taken from it.", examples=[4])
    meter: str = Field(examples=["4/4"])
    notes: int = Field(description="Notes and chords of its melody.", examples=[23])
    unknown: int = Field(
        examples=[0], description="How many tokens the model does not know; their nearest took their place."
    )
    song_id: str | None = Field(
        default=None, examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"], description="The song it came from."
    )

    @classmethod
    def of(cls, prompt: Prompt) -> "PromptView":
        """The view of a prompt."""
        notes = sum(bool(pitches) for _, pitches in prompt.rows)
        return cls(bars=prompt.bars, meter=prompt.meter, notes=notes, unknown=prompt.unknown, song_id=prompt.song_id)


class GenerationView(BaseModel):
    """A generation as its listener sees it."""

    id: UUID
    order_id: UUID = Field(description="The id of the first variation; the same for all variations of one order.")
    variation: int = Field(description="0 for the first.", examples=[0])
    status: Status = Field(examples=[Status.SUCCEEDED])
    progress: float = Field(ge=0, le=1, description="Share of the events composed.", examples=[1.0])
    model: str = Field(examples=["crnngan-classical"])
    model_version: str = Field(examples=["1.0.0"])
    seed: int = Field(examples=[7])
    length: int = Field(examples=[100])
    parameters: dict[str, bool | int | float | str] = Field(
        default_factory=dict,
        description="All that apply, those that were not set at their defaults.",
        examples=[{"temperature": 1.0}],
    )
    prompt: PromptView | None = Field(default=None, description="What it began with, as it was understood.")
    title: str = Field(examples=["Dawn"])
    song_id: str | None = Field(
        default=None,
        description="The song in the listener's library, once it is there.",
        examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"],
    )
    midi_url: str | None = Field(default=None, examples=["/api/v1/generations/6f0e…/midi"])
    failure: str | None = Field(default=None, description="Why it failed.", examples=[None])
    note_count: int | None = Field(default=None, examples=[98])
    duration_seconds: float | None = Field(default=None, examples=[41.5])
    measures: dict[str, float] = Field(default_factory=dict, examples=[{"scale_score": 0.875}])
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    queue: PlaceView | None = Field(default=None, description="While it waits.")

    @classmethod
    def of(cls, generation: Generation, place: Place | None = None) -> "GenerationView":
        """The view of a generation."""
        return cls(
            id=generation.id,
            order_id=generation.order_id,
            variation=generation.variation,
            queue=place and PlaceView(**asdict(place)),
            status=generation.status,
            progress=round(generation.progress, 4),
            model=generation.model,
            model_version=generation.model_version,
            seed=generation.seed,
            length=generation.length,
            parameters=dict(generation.settings),
            prompt=generation.prompt and PromptView.of(generation.prompt),
            title=generation.title,
            song_id=generation.song_id,
            midi_url=f"{location(generation)}/midi" if generation.midi_key else None,
            failure=generation.failure,
            note_count=generation.note_count,
            duration_seconds=generation.duration_seconds,
            measures=dict(generation.measures),
            created_at=generation.created_at,
            started_at=generation.started_at,
            finished_at=generation.finished_at,
        )


class OrderView(GenerationView):
    """The first variation of an order, and the others beside it."""

    variations: list[GenerationView] = Field(default_factory=list, description="The second one and those after it.")


class NotesView(BaseModel):
    """Notes that were composed since the last event: [onset s, duration s, pitch, velocity] each."""

    steps: int = Field(description="Events composed so far.")
    length: int
    notes: list[tuple[float, float, int, int]]


class LimitsView(BaseModel):
    """Range and default of a parameter."""

    minimum: int = Field(examples=[16])
    default: int = Field(examples=[200])
    maximum: int = Field(examples=[2000])


class ParameterView(BaseModel):
    """One thing that a listener may set: everything that a page needs to show a control for it."""

    name: str = Field(examples=["temperature"])
    label: str = Field(examples=["Temperature"])
    kind: Literal["int", "number", "choice", "boolean"]
    minimum: int | float | None = Field(default=None, description="Of int and number.", examples=[0.1])
    maximum: int | float | None = Field(default=None, examples=[4.0])
    choices: list[str | bool] = Field(default_factory=list, description="Of choice and boolean.", examples=[[]])
    default: bool | int | float | str = Field(examples=[1.0])
    unit: str = Field(default="", examples=["quarters per minute"])
    advice: str = Field(default="", description="One sentence for people.")
    group: Literal["basic", "advanced"] = "basic"
    excludes: list[str] = Field(
        default_factory=list, description="Parameters that cannot be set together with it.", examples=[["top_p"]]
    )
    only_with: dict[str, list[bool | int | float | str]] = Field(
        default_factory=dict,
        description="It can be set only where these parameters have one of these values.",
        examples=[{"strategy": ["beam"]}],
    )

    @classmethod
    def of(cls, parameter: Parameter) -> "ParameterView":
        """The view of a parameter."""
        return cls.model_validate(parameter.model_dump(exclude={"post"}) | parameter.limits)


class ModelView(BaseModel):
    """A model that generations can use."""

    name: str = Field(examples=["crnngan-classical"])
    version: str = Field(examples=["1.0.0"])
    kind: str = Field(examples=["crnngan"])
    title: str = Field(examples=["Classical piano"])
    description: str = Field(examples=["C-RNN-GAN, trained on classical piano pieces."])
    default: bool = Field(description="Whether it is used when a request names no model.")
    length: LimitsView | None = Field(description="Of `length`; null where the parameter `bars` says how long it is.")
    parameters: list[ParameterView] = Field(description="What else may be set, in the order to show it in.")
    presets: dict[str, dict[str, bool | int | float | str]] = Field(
        description="Named values of parameters.", examples=[{"calm": {"temperature": 0.7}}]
    )
    sample_url: str | None = Field(
        default=None,
        examples=["/api/v1/models/crnngan-classical@1.0.0/sample"],
        description="A short piece of the model, as MIDI; null where its bundle has none.",
    )

    @classmethod
    def of(cls, model: Model, *, default: bool) -> "ModelView":
        """The view of a model."""
        limits = model.length
        length = limits and LimitsView(minimum=limits.min, default=limits.default, maximum=limits.max)
        return cls(
            name=model.name,
            version=model.version,
            kind=model.kind,
            title=model.title,
            description=model.description,
            default=default,
            length=length,
            parameters=[ParameterView.of(parameter) for parameter in model.sampling.parameters],
            presets=model.sampling.presets,
            sample_url=f"/api/v1/models/{model.key}/sample" if model.sample else None,
        )


class ModelList(BaseModel):
    """All models that are loaded."""

    items: list[ModelView]


def location(generation: Generation) -> str:
    """The generation's path."""
    return f"/api/v1/generations/{generation.id}"
