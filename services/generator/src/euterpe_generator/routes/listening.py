"""`/api/v1/listening`: the listening test."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from euterpe_generator.dependencies import ListeningDep, WaitDep
from euterpe_generator.domain.generation import Status
from euterpe_generator.domain.listening import Answer, Guess, Preference, Side
from euterpe_generator.services.listening import ListeningPair

router = APIRouter(prefix="/api/v1/listening", tags=["listening"])


class PairRequest(BaseModel):
    """A request for a pair."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"played": ["schubert-die-stadt"]}]})

    played: list[Annotated[str, Field(max_length=80)]] = Field(
        default_factory=list, max_length=200, description="`source.id` of earlier pairs; others are preferred."
    )


class AnswerRequest(BaseModel):
    """An answer to both questions."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"preferred": "a", "guessed": "b", "browser": "3fa2c1"}]}
    )

    preferred: Preference = Field(description="The piece that you like better.")
    guessed: Guess = Field(description="The piece that you believe to be by a person.")
    browser: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{6}$",
        description="A random number that the browser keeps, if answers of one user may be counted as such.",
    )


class SourceView(BaseModel):
    """Where the piece by a person comes from."""

    id: str = Field(examples=["schubert-die-stadt"])
    title: str = Field(examples=["Schwanengesang, D 957, no. 11: Die Stadt"])
    composer: str = Field(examples=["Franz Schubert"])
    collection: str = Field(examples=["OpenScore Lieder"])
    url: str = Field(examples=["https://musescore.com/score/4985973"])
    licence: str = Field(examples=["CC0-1.0"])


class RevealView(BaseModel):
    """Which piece is which, after the answer."""

    person: Side = Field(description="The piece by a person.")
    preferred: Preference
    guessed: Guess
    is_right: bool | None = Field(description="Whether the guess is right; null without one.")
    source: SourceView
    model: str = Field(examples=["ensemble"])
    model_version: str = Field(examples=["1.1.0"])
    seed: int = Field(examples=[7])


class PairView(BaseModel):
    """Two pieces in random order. Before the answer, nothing tells which of them is by a person."""

    id: UUID
    status: Literal["composing", "ready", "failed", "answered"]
    style: str = Field(examples=["classical/art song"])
    parts: list[str] = Field(examples=[["voice", "piano"]])
    meter: str = Field(examples=["3/4"])
    tempo: int = Field(description="Quarters per minute.", examples=[61])
    bars: int = Field(examples=[8])
    duration_seconds: float = Field(examples=[23.6])
    a_url: str = Field(examples=["/api/v1/listening/pairs/6f0e…/a/midi"])
    b_url: str = Field(examples=["/api/v1/listening/pairs/6f0e…/b/midi"])
    expires_at: datetime
    reveal: RevealView | None = None

    @classmethod
    def of(cls, found: ListeningPair) -> "PairView":
        """Build the view of a pair."""
        pair, excerpt = found.pair, found.excerpt
        return cls(
            id=pair.id,
            status=_status(found),
            style=pair.style,
            parts=list(excerpt.parts),
            meter=excerpt.meter,
            tempo=excerpt.tempo,
            bars=excerpt.bars,
            duration_seconds=round(excerpt.quarters * 60 / excerpt.tempo, 1),
            a_url=f"{router.prefix}/pairs/{pair.id}/a/midi",
            b_url=f"{router.prefix}/pairs/{pair.id}/b/midi",
            expires_at=pair.expires_at,
            reveal=_reveal(found),
        )


def _status(found: ListeningPair) -> Literal["composing", "ready", "failed", "answered"]:
    if found.pair.answer is not None:
        return "answered"
    if not found.generation.status.ended:
        return "composing"
    return "ready" if found.generation.status is Status.SUCCEEDED else "failed"


def _reveal(found: ListeningPair) -> RevealView | None:
    pair = found.pair
    if pair.answer is None:
        return None
    return RevealView(
        person=pair.person,
        preferred=pair.answer.preferred,
        guessed=pair.answer.guessed,
        is_right=pair.is_right,
        source=SourceView.model_validate(found.excerpt, from_attributes=True),
        model=pair.model,
        model_version=pair.model_version,
        seed=pair.seed,
    )


@router.post(
    "/pairs",
    summary="Create a pair for the listening test",
    status_code=201,
    responses=problem_responses(404, 413, 422, 429, 503),
)
async def create_listening_pair(
    body: PairRequest, listening: ListeningDep, wait: WaitDep, request: Request, response: Response
) -> PairView:
    """Pair the beginning of a piece by a person with one that the default model composes now.

    Both have the same style, instruments, key, meter, tempo and number of bars. Needs no account; the limits of
    anonymous users apply. A pair can be played and answered for two hours. `Prefer: wait=N` waits for the composed
    piece.
    """
    address = request.client.host if request.client else "unknown"
    view = PairView.of(await listening.create(address, body.played, wait_seconds=wait))
    response.headers["Location"] = f"{router.prefix}/pairs/{view.id}"
    return view


@router.get("/pairs/{pair_id}", summary="Get a pair", responses=problem_responses(404, 422, 503))
async def get_listening_pair(pair_id: UUID, listening: ListeningDep, wait: WaitDep) -> PairView:
    """Get the state of a pair, once both pieces can be played or after the wait of `Prefer`."""
    return PairView.of(await listening.get(pair_id, wait_seconds=wait))


@router.get(
    "/pairs/{pair_id}/{side}/midi",
    summary="Download a piece of a pair as MIDI",
    response_class=Response,
    responses={
        200: {"description": "The MIDI file.", "content": {"audio/midi": {}}},
        **problem_responses(404, 409, 422, 503),
    },
)
async def get_listening_midi(pair_id: UUID, side: Side, listening: ListeningDep) -> Response:
    """Download one piece. Both files differ in nothing but the pitches, onsets and durations of their notes."""
    return Response(await listening.midi(pair_id, side), media_type="audio/midi", headers={"Cache-Control": "no-store"})


@router.post("/pairs/{pair_id}/answer", summary="Answer a pair", responses=problem_responses(404, 409, 413, 422, 503))
async def answer_listening_pair(pair_id: UUID, body: AnswerRequest, listening: ListeningDep) -> PairView:
    """State which piece you like better and which you believe to be by a person. `reveal` tells which one it is.

    A pair can be answered once. Stored are the answer, its time and the pair, but no address and no account.
    """
    return PairView.of(await listening.answer(pair_id, Answer(body.preferred, body.guessed, body.browser)))
