"""`/api/v1/comparisons`: one prompt and seed, composed in several ways, side by side."""

from typing import Annotated
from uuid import UUID

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_generator.dependencies import GenerationsDep, IdempotencyKeyDep, ListenerDep, WaitDep
from euterpe_generator.domain.generation import Generation
from euterpe_generator.routes.schemas import GenerationRequest, GenerationView, Parameters, location
from euterpe_generator.services.request_resolution import Wish

router = APIRouter(prefix="/api/v1/comparisons", tags=["comparisons"])

_STRATEGIES = ("greedy", "temperature", "top_k", "top_p", "top_k_top_p", "beam")
Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")]


class Variant(BaseModel):
    """One way to compose: the parameters in which it differs from the others."""

    model_config = ConfigDict(extra="forbid")

    label: Label | None = Field(default=None, examples=["top 5"], description="By default what the parameters say.")
    parameters: Parameters = Field(default_factory=dict, examples=[{"strategy": "top_k", "top_k": 5}])

    @property
    def name(self) -> str:
        """The label, or one made of the parameters."""
        made = ", ".join(f"{name} {value}" for name, value in self.parameters.items())
        return self.label or made[:60] or "as it is"


def _all_strategies() -> list[Variant]:
    return [Variant(label=name.replace("_", " "), parameters={"strategy": name}) for name in _STRATEGIES]


class ComparisonRequest(GenerationRequest):
    """A piece to compose in several ways; all else is as for a generation."""

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
        default_factory=_all_strategies, min_length=2, max_length=16, description="By default every strategy once."
    )


class ComparedView(BaseModel):
    """One way to compose, and what it came to."""

    label: str = Field(examples=["greedy"])
    generation: GenerationView
    picture_url: str | None = Field(
        default=None,
        examples=["/api/v1/generations/6f0e…/pianoroll"],
        description="The piano roll as SVG, once there is a piece.",
    )

    @classmethod
    def of(cls, generation: Generation) -> "ComparedView":
        """The view of one piece of the comparison."""
        picture = f"{location(generation)}/pianoroll" if generation.midi_key else None
        return cls(label=_label(generation.title), generation=GenerationView.of(generation), picture_url=picture)


def _label(title: str) -> str:
    """The label in a title such as "Dawn (live) (top k (5))": its last parenthesis, with those inside."""
    depth = 0
    for place in range(len(title) - 1, 0, -1):
        depth += (title[place] == ")") - (title[place] == "(")
        if depth == 0 and title[place - 1] == " ":
            return title[place + 1 : -1]
    return title.rpartition(" (")[2].removesuffix(")")


class ComparisonView(BaseModel):
    """Pieces of one prompt and seed, with measures and pictures."""

    id: UUID = Field(examples=["6f0e2f0c-5d3c-4f6e-9b3a-0d8a4c1f2b7e"])
    ended: bool = Field(description="Whether all pieces have ended.")
    items: list[ComparedView]

    @classmethod
    def of(cls, pieces: list[Generation]) -> "ComparisonView":
        """The view of an order's pieces."""
        ended = all(piece.status.ended for piece in pieces)
        return cls(id=pieces[0].order_id, ended=ended, items=[ComparedView.of(piece) for piece in pieces])


@router.post(
    "",
    summary="Compare ways to compose",
    status_code=202,
    responses={
        200: {"model": ComparisonView, "description": "Everything ended within the wait that `Prefer` asked for."},
        **problem_responses(401, 413, 422, 429, 503),
    },
)
async def create_comparison(
    body: ComparisonRequest,
    listener: ListenerDep,
    service: GenerationsDep,
    wait: WaitDep,
    key: IdempotencyKeyDep,
    response: Response,
) -> ComparisonView:
    """Orders one piece per variant, all from the same seed and prompt, and puts them side by side.

    Each is a generation of its own, with events, measures and a MIDI file. Answers as `POST /generations` does.
    """
    wish: Wish = body.wish()
    variants = [(variant.name, variant.parameters) for variant in body.variants]
    pieces = await service.compare(listener, wish, variants, key, wait_seconds=wait)
    view = ComparisonView.of(pieces)
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait:.0f}"
    response.status_code = 200 if view.ended else 202
    response.headers["Location"] = f"/api/v1/comparisons/{view.id}"
    return view


@router.get("/{comparison_id}", summary="Look at a comparison", responses=problem_responses(401, 404, 422, 503))
async def get_comparison(comparison_id: UUID, listener: ListenerDep, service: GenerationsDep) -> ComparisonView:
    """The pieces as they stand."""
    return ComparisonView.of(await service.of_order(comparison_id, listener))
