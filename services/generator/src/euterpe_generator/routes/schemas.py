"""Request and response bodies."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from euterpe_music.default_titles import Language
from euterpe_music.parameters import Parameter
from euterpe_music.seed import MAX_SEED
from euterpe_music.titles import checked_title
from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

from euterpe_generator.domain import requests
from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.queue import QueuePosition
from euterpe_generator.models.catalogue import Model
from euterpe_generator.services.progress_stream import LiveNotes

Title = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=requests.MAX_TITLE_LENGTH, pattern=r"^[^\x00-\x1f]*$"
    ),
    AfterValidator(checked_title),
]
Name = Annotated[str, StringConstraints(max_length=40)]
#: Values are checked against the model's manifest later.
Parameters = Annotated[dict[Name, bool | int | float | str], Field(max_length=64)]


class PromptRequest(BaseModel):
    """A prompt: the first bars of a MIDI file or of a song that you may read."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"song_id": str(UUID(int=7)), "bars": 4}]}
    )

    midi: Base64Bytes | None = Field(
        default=None, max_length=700_000, description="A standard MIDI file of at most 700 kB, in Base64."
    )
    song_id: UUID | None = Field(default=None, description="A song that you own or may read.")
    bars: int | None = Field(
        default=None,
        ge=1,
        le=requests.MAX_PROMPT_BARS,
        strict=True,
        description="Number of bars; by default as many as fit.",
    )
    replace_accompaniment: bool = Field(
        default=False,
        description="Compose the accompaniment of these bars anew; by default they keep the one that they have.",
    )
    use: Literal["continue", "accompany", "replace"] = Field(
        default="continue",
        description="What the model does with it: continue it, add the instruments of `parts` (ensemble models only), "
        "or replace `first_bar` to `last_bar`. All other notes stay as they are. Melody models replace the melody, or "
        "the notes of one of the `tracks`: they compose several candidates after the bars before, and keep the one "
        "after which the bars that follow are most likely.",
    )
    first_bar: int | None = Field(
        default=None, ge=1, le=20_000, strict=True, description="The first bar to replace, from 1."
    )
    last_bar: int | None = Field(
        default=None, ge=1, le=20_000, strict=True, description="The last bar to replace; by default `first_bar`."
    )
    tracks: list[Annotated[int, Field(ge=1, le=1_000, strict=True)]] = Field(
        default_factory=list,
        max_length=64,
        description="The tracks of the file to replace, from 1; by default all, or the melody.",
    )

    def to_domain(self) -> requests.PromptSource:
        """Convert to the type of the use case."""
        song_id = None if self.song_id is None else str(self.song_id)
        return requests.PromptSource(
            self.midi, song_id, self.bars, self.replace_accompaniment, self.use, self.first_bar, self.last_bar,
            tuple(self.tracks),
        )  # fmt: skip


class GenerationRequest(BaseModel):
    """A request for a piece. All fields are optional; the response holds the values chosen for omitted ones."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"model": "crnngan-classical", "seed": 7, "length": 100, "title": "Dawn"}]},
    )

    model: str | None = Field(
        default=None,
        max_length=100,
        description="`name` or `name@version`, from GET /models. Without it, the default model, or with `length` one "
        "whose length is counted in events.",
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=MAX_SEED,
        strict=True,
        description="The same seed, parameters and title (by default: language) give the same MIDI bytes.",
    )
    length: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        strict=True,
        description="Number of events; see `length` of the model for its limits.",
    )
    title: Title | None = Field(
        default=None,
        description='The title of the song; by default one of its style and key, such as "Jig in D". In your library '
        'default titles are numbered: "Jig in D, no. 7".',
    )
    language: Language = Field(default="en", description="The language of the default title.")
    remix_of: UUID | None = Field(
        default=None,
        description="The song whose settings these are. The new song names it as its source if you may read it.",
        examples=[str(UUID(int=7))],
    )
    count: int = Field(
        default=1, ge=1, le=64, strict=True, description="Number of variations; they have consecutive seeds."
    )
    background: bool = Field(default=False, description="Compose only while no other generation waits.")
    prompt: PromptRequest | None = Field(
        default=None, description="The music that a melody or ensemble model continues, accompanies or changes."
    )
    parameters: Parameters = Field(
        default_factory=dict,
        description="Parameters of the model; see GET /models for names and ranges.",
    )

    def to_domain(self) -> requests.GenerationRequest:
        """Convert to the type of the use case."""
        return requests.GenerationRequest(
            self.model,
            self.seed,
            self.length,
            self.title,
            self.count,
            self.background,
            self.parameters,
            None if self.prompt is None else self.prompt.to_domain(),
            self.language,
            self.remix_of,
        )


class PlaceView(BaseModel):
    """A position in the queue."""

    position: int = Field(ge=1, examples=[3])
    estimated_wait_seconds: float | None = Field(
        default=None, description="Estimated from the throughput of the last seconds.", examples=[1.5]
    )


class PromptView(BaseModel):
    """A prompt as it was read."""

    bars: int = Field(description="Number of bars used.", examples=[4])
    meter: str = Field(examples=["4/4"])
    key: str | None = Field(default=None, examples=["D major"], description="The key that the song or file states.")
    notes: int = Field(description="Number of notes and chords of its melody.", examples=[23])
    unknown: int = Field(
        examples=[0],
        description="Number of tokens that the model does not know, replaced by the nearest ones.",
    )
    song_id: str | None = Field(
        default=None, examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"], description="The song it was read from."
    )

    @classmethod
    def of(cls, prompt: Prompt) -> "PromptView":
        """Build the view of a prompt."""
        notes = sum(bool(pitches) for _, pitches in prompt.rows)
        if prompt.material is not None:
            notes = prompt.material.note_count
        return cls(
            bars=prompt.bars,
            meter=prompt.meter,
            key=prompt.key,
            notes=notes,
            unknown=prompt.unknown,
            song_id=prompt.song_id,
        )


class EstimateView(BaseModel):
    """The expected length of a piece."""

    seconds: float = Field(examples=[27.4])
    bars: float = Field(description="Bars of its meter; 4/4 for models that know none.", examples=[16.0])


class GenerationView(BaseModel):
    """A generation."""

    id: UUID
    order_id: UUID = Field(description="The id of the first variation; equal for all variations of one request.")
    variation: int = Field(description="Index of the variation; 0 for the first.", examples=[0])
    status: Status = Field(examples=[Status.SUCCEEDED])
    progress: float = Field(ge=0, le=1, description="Share of the events composed.", examples=[1.0])
    model: str = Field(examples=["crnngan-classical"])
    model_version: str = Field(examples=["1.0.0"])
    seed: int = Field(examples=[7])
    length: int = Field(examples=[100])
    parameters: dict[str, bool | int | float | str] = Field(
        default_factory=dict,
        description="Values of all parameters, including defaults.",
        examples=[{"temperature": 1.0}],
    )
    prompt: PromptView | None = Field(default=None, description="The prompt as it was read.")
    title: str = Field(examples=["Dawn"])
    song_id: str | None = Field(
        default=None,
        description="The song in your library; null until it is registered, and for anonymous requests.",
        examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"],
    )
    midi_url: str | None = Field(default=None, examples=["/api/v1/generations/6f0e…/midi"])
    failure: str | None = Field(default=None, description="Why it failed.", examples=[None])
    note_count: int | None = Field(default=None, examples=[98])
    duration_seconds: float | None = Field(default=None, examples=[41.5])
    measures: dict[str, float] = Field(default_factory=dict, examples=[{"scale_score": 0.875}])
    writer_version: int | None = Field(
        default=None,
        examples=[2],
        description="Version of the MIDI writer: within one version, equal requests give equal bytes.",
    )
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    estimate: EstimateView | None = Field(default=None, description="The expected length, before it is composed.")
    queue: PlaceView | None = Field(default=None, description="The position in the queue while it waits.")

    @classmethod
    def of(cls, generation: Generation, queue_position: QueuePosition | None = None) -> "GenerationView":
        """Build the view of a generation."""
        return cls(
            id=generation.id,
            order_id=generation.order_id,
            variation=generation.variation,
            estimate=generation.estimate and EstimateView(**asdict(generation.estimate)),
            queue=queue_position and PlaceView(**asdict(queue_position)),
            status=generation.status,
            progress=round(generation.progress, 4),
            model=generation.model,
            model_version=generation.model_version,
            seed=generation.seed,
            length=generation.length,
            parameters=dict(generation.parameters),
            prompt=generation.prompt and PromptView.of(generation.prompt),
            title=generation.title,
            song_id=generation.song_id,
            midi_url=f"{location(generation)}/midi" if generation.midi_key else None,
            failure=generation.failure,
            note_count=generation.note_count,
            duration_seconds=generation.duration_seconds,
            measures=dict(generation.measures),
            writer_version=generation.writer_version,
            created_at=generation.created_at,
            started_at=generation.started_at,
            finished_at=generation.finished_at,
        )


class GenerationExport(BaseModel):
    """All generations of an account."""

    items: list[GenerationView]


class OrderView(GenerationView):
    """The first variation of a request, with the others in `variations`."""

    variations: list[GenerationView] = Field(default_factory=list, description="All variations except the first.")


class LiveTrackView(BaseModel):
    """The instrument of a track: a General MIDI program from 0, of a drum kit if `is_drum`."""

    program: int
    is_drum: bool


class NotesView(BaseModel):
    """Notes since the last `notes` event, each [onset in seconds, duration in seconds, pitch, velocity]."""

    steps: int = Field(description="Number of events composed so far.")
    length: int
    notes: list[tuple[float, float, int, int]]
    track_indices: list[int] = Field(description="The index of each note's track in `tracks`.")
    tracks: list[LiveTrackView]

    @classmethod
    def of(cls, live: LiveNotes, *, steps: int, length: int) -> "NotesView":
        """Return the view of notes of a running or finished generation."""
        tracks = [LiveTrackView(program=track.program, is_drum=track.is_drum) for track in live.tracks]
        indices = list(live.track_indices)
        return cls(steps=steps, length=length, notes=list(live.notes), track_indices=indices, tracks=tracks)


class LimitsView(BaseModel):
    """Range and default of a parameter."""

    minimum: int = Field(examples=[16])
    default: int = Field(examples=[200])
    maximum: int = Field(examples=[2000])


class ParameterView(BaseModel):
    """A parameter of a model, with everything needed to show a control for it."""

    name: str = Field(examples=["temperature"])
    label: str = Field(examples=["Temperature"])
    kind: Literal["int", "number", "choice", "boolean"]
    minimum: int | float | None = Field(default=None, description="Limit of an int or number.", examples=[0.1])
    maximum: int | float | None = Field(default=None, examples=[4.0])
    choices: list[str | bool] = Field(default_factory=list, description="Values of a choice or boolean.", examples=[[]])
    default: bool | int | float | str = Field(examples=[1.0])
    unit: str = Field(default="", examples=["quarters per minute"])
    advice: str = Field(default="", description="One sentence of advice for users.")
    group: Literal["basic", "advanced"] = "basic"
    excludes: list[str] = Field(
        default_factory=list, description="Parameters that cannot be combined with this one.", examples=[["top_p"]]
    )
    only_with: dict[str, list[bool | int | float | str]] = Field(
        default_factory=dict,
        description="It can be set only if these parameters have one of these values.",
        examples=[{"strategy": ["beam"]}],
    )
    max_choices: int = Field(
        default=1, description="How many choices may be combined, separated by commas; the default stands alone."
    )
    custom: str = Field(
        default="", description="The form of texts that are accepted besides the choices: `chords`, or empty for none."
    )
    optional: bool = Field(default=False, description="Without a value, the model decides; `default` is a suggestion.")

    @classmethod
    def of(cls, parameter: Parameter) -> "ParameterView":
        """Build the view of a parameter."""
        return cls.model_validate(parameter.model_dump(exclude={"post"}) | parameter.limits)


class CorpusView(BaseModel):
    """The music that a model was trained on."""

    name: str = Field(examples=["nottingham"])
    pieces: int = Field(description="Number of pieces in training.", examples=[584])
    source: str = Field(description="Where it comes from and its licence, if the bundle records them.", default="")


class ModelView(BaseModel):
    """A model that generations can use."""

    name: str = Field(examples=["crnngan-classical"])
    version: str = Field(examples=["1.0.0"])
    kind: str = Field(examples=["crnngan"])
    title: str = Field(examples=["Classical piano"])
    description: str = Field(examples=["C-RNN-GAN, trained on classical piano pieces."])
    default: bool = Field(description="Whether requests without `model` use it.")
    share: float = Field(
        default=1.0,
        description="Share of the requests for `name` without a version that this version composes.",
        examples=[0.95],
    )
    length: LimitsView | None = Field(
        description="Limits of `length`; null if the parameter `bars` determines the length."
    )
    estimate: EstimateView | None = Field(
        default=None,
        description="The expected length of a piece with all defaults; it grows in proportion to `length` or `bars`.",
    )
    parameters: list[ParameterView] = Field(description="The model's parameters, in display order.")
    presets: dict[str, dict[str, bool | int | float | str]] = Field(
        description="Named values of parameters.", examples=[{"calm": {"temperature": 0.7}}]
    )
    licence: str = Field(default="", description="The licence of the model.", examples=["Apache-2.0"])
    corpus: CorpusView | None = Field(default=None, description="Null if the bundle does not record it.")
    sample_url: str | None = Field(
        default=None,
        examples=["/api/v1/models/crnngan-classical@1.0.0/sample"],
        description="A short piece composed by the model, as MIDI; null if the bundle has none.",
    )
    sample_styles: list[str] = Field(
        default=[], description="Styles of which there is a sample, too: `sample_url` with `?style=`."
    )

    @classmethod
    def of(cls, model: Model, *, default: bool, share: float) -> "ModelView":
        """Build the view of a model."""
        limits = model.length
        length = limits and LimitsView(minimum=limits.min, default=limits.default, maximum=limits.max)
        corpus = model.training and model.training.corpus
        return cls(
            name=model.name,
            version=model.version,
            kind=model.kind,
            title=model.title,
            description=model.description,
            default=default,
            share=share,
            length=length,
            estimate=EstimateView(**asdict(model.default_estimate)),
            parameters=[ParameterView.of(parameter) for parameter in model.sampling.parameters],
            presets=model.sampling.presets,
            licence=model.licence,
            corpus=corpus and CorpusView(name=corpus.name, pieces=corpus.train, source=corpus.source),
            sample_url=f"/api/v1/models/{model.key}/sample" if model.samples.default else None,
            sample_styles=list(model.samples.by_style),
        )


class MeasureView(BaseModel):
    """The mean of a measure over composed pieces and over real ones that training did not see."""

    name: str = Field(examples=["notes_per_quarter"])
    composed: float | None = Field(description="Null if only real pieces are measured.", examples=[1.32])
    real: float | None = Field(description="Null if only composed pieces are measured.", examples=[1.48])


class ModelCard(ModelView):
    """A model with its terms of use and the measures of its music."""

    terms: str = Field(
        description="What limits the use of its pieces; empty if the bundle records nothing.",
        examples=["The sources are CC0 or in the public domain: the pieces may be used for any purpose."],
    )
    measures: list[MeasureView] = Field(description="Empty if the bundle records none.")

    @classmethod
    def of(cls, model: Model, *, default: bool, share: float) -> "ModelCard":
        """Build the card of a model."""
        view = ModelView.of(model, default=default, share=share)
        return cls(
            **view.model_dump(),
            terms=model.terms,
            measures=[MeasureView(**asdict(figure)) for figure in model.figures],
        )


class ModelList(BaseModel):
    """All loaded models."""

    items: list[ModelView]


def location(generation: Generation) -> str:
    """Return the generation's path."""
    return f"/api/v1/generations/{generation.id}"
