"""`/api/v1/comparisons`: one seed and prompt, composed with several variants of the parameters."""

from typing import Annotated
from uuid import UUID

from euterpe_music.melody_parameters import STRATEGIES
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_generator.dependencies import GenerationsDep, IdempotencyKeyDep, OwnerDep, WaitDep
from euterpe_generator.domain.generation import Generation
from euterpe_generator.domain.requests import ComparisonVariant
from euterpe_generator.routes.quota_headers import generation_quota_headers
from euterpe_generator.routes.schemas import GenerationRequest, GenerationView, Parameters, location

router = APIRouter(prefix="/api/v1/comparisons", tags=["comparisons"])

Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")]


class Variant(BaseModel):
    """A variant: the parameters, and the model, in which it differs from the request."""

    model_config = ConfigDict(extra="forbid")

    label: Label | None = Field(
        default=None, examples=["top 5"], description="By default derived from the other fields."
    )
    model: str | None = Field(
        default=None, max_length=100, examples=["melody-folk"], description="By default the request's `model`."
    )
    parameters: Parameters = Field(default_factory=dict, examples=[{"strategy": "top_k", "top_k": 5}])

    def to_domain(self) -> ComparisonVariant:
        """Convert to the type of the use case, with a default label."""
        values = ([] if self.model is None else [self.model]) + [
            f"{name} {value}" for name, value in self.parameters.items()
        ]
        derived = ", ".join(values)[:60]
        return ComparisonVariant(self.label or derived or "unchanged", self.parameters, self.model)


def _all_strategies() -> list[Variant]:
    return [Variant(label=name.replace("_", " "), parameters={"strategy": name}) for name in STRATEGIES]


class ComparisonRequest(GenerationRequest):
    """A request for one piece per variant. All other fields are those of a generation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "model": "melody-folk",
                    "seed": 7,
                    "parameters": {"bars": 16},
                    "variants": [
                        {"label": "greedy", "parameters": {"strategy": "greedy"}},
                        {"label": "t 0.65", "parameters": {"strategy": "temperature", "temperature": 0.65}},
                    ],
                }
            ]
        },
    )

    count: int = Field(default=1, ge=1, le=1, strict=True, description="One piece per variant.")
    variants: list[Variant] = Field(
        default_factory=_all_strategies,
        min_length=2,
        max_length=16,
        description="By default one per sampling strategy.",
    )


class ComparedView(BaseModel):
    """A variant and its generation."""

    label: str = Field(examples=["greedy"])
    generation: GenerationView
    picture_url: str | None = Field(
        default=None,
        examples=["/api/v1/generations/6f0e…/pianoroll"],
        description="The piano roll as SVG; null until there is a piece.",
    )

    @classmethod
    def of(cls, generation: Generation) -> "ComparedView":
        """Build the view of one generation."""
        picture = f"{location(generation)}/pianoroll" if generation.midi_key else None
        label = generation.title if generation.label is None else generation.label
        return cls(label=label, generation=GenerationView.of(generation), picture_url=picture)


class ComparisonView(BaseModel):
    """A comparison: generations with the same prompt and seed."""

    id: UUID = Field(examples=["6f0e2f0c-5d3c-4f6e-9b3a-0d8a4c1f2b7e"])
    ended: bool = Field(description="Whether all generations have ended.")
    items: list[ComparedView]

    @classmethod
    def of(cls, generations: list[Generation]) -> "ComparisonView":
        """Build the view of an order's generations."""
        ended = all(generation.status.ended for generation in generations)
        items = [ComparedView.of(generation) for generation in generations]
        return cls(id=generations[0].order_id, ended=ended, items=items)


@router.post(
    "",
    summary="Create a comparison",
    status_code=202,
    responses={
        200: {"model": ComparisonView, "description": "All generations ended within the wait of `Prefer`."},
        **problem_responses(401, 413, 422, 429, 503),
    },
)
async def create_comparison(
    body: ComparisonRequest,
    owner: OwnerDep,
    service: GenerationsDep,
    wait: WaitDep,
    key: IdempotencyKeyDep,
    response: Response,
) -> ComparisonView:
    """Compose one piece per variant, all with the same seed and prompt, by one model or several.

    Each is a generation with its own events, measures and MIDI file. Status codes are those of `POST /generations`.
    """
    variants = [variant.to_domain() for variant in body.variants]
    generations = await service.compare(owner, body.to_domain(), variants, key, wait_seconds=wait)
    view = ComparisonView.of(generations)
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait:.0f}"
    response.status_code = 200 if view.ended else 202
    response.headers["Location"] = f"/api/v1/comparisons/{view.id}"
    response.headers.update(generation_quota_headers(service, owner))
    return view


@router.get("/{comparison_id}", summary="Get a comparison", responses=problem_responses(401, 404, 422, 503))
async def get_comparison(comparison_id: UUID, owner: OwnerDep, service: GenerationsDep) -> ComparisonView:
    """Get the current state of all generations of a comparison."""
    return ComparisonView.of(await service.get_order(comparison_id, owner))
