"""`/internal/admin`: failed generations, limits of single users and the listening test, for operators."""

import uuid
from datetime import datetime
from typing import Annotated

from euterpe_service_kit.admin import admin_router
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from euterpe_generator.dependencies import GenerationsDep, ListeningDep
from euterpe_generator.domain.generation import Owner
from euterpe_generator.domain.listening import Pair, Share

router = admin_router()


class FailureView(BaseModel):
    """A failed generation and its cause."""

    id: uuid.UUID
    owner_id: str | None
    model: str
    model_version: str
    failure: str | None
    attempt: int
    crashes: int
    created_at: datetime
    finished_at: datetime | None


class FailureList(BaseModel):
    """The latest failures, newest first."""

    items: list[FailureView]


@router.get("/generations/failed")
async def list_failures(
    request: Request, model: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> FailureList:
    """List the latest failures, of one model or of all."""
    found = await request.app.state.failures.latest(model=model, limit=limit)
    return FailureList(items=[FailureView.model_validate(each, from_attributes=True) for each in found])


@router.post("/generations/{generation_id}/retry", status_code=202)
async def retry_generation(request: Request, generation_id: uuid.UUID) -> None:
    """Queue a failed generation again."""
    await request.app.state.failures.retry(generation_id)


class PiecesQuota(BaseModel):
    """Pieces that a user requested today and may request in a day; null is no limit. `is_own`: set for this user."""

    pieces: int
    max_pieces_per_day: int | None
    is_own: bool


class PiecesLimit(BaseModel):
    """The largest number of pieces a day; 0 is no limit."""

    model_config = ConfigDict(extra="forbid")

    max_pieces_per_day: int = Field(ge=0, le=2**31 - 1)


@router.get("/users/{user_id}/quota")
async def get_quota(service: GenerationsDep, user_id: str, *, guest: bool = False) -> PiecesQuota:
    """Get the pieces that a user requested today and may request."""
    usage = await service.daily_usage(Owner.account(user_id, "", is_guest=guest))
    return PiecesQuota(pieces=usage.pieces, max_pieces_per_day=usage.limit, is_own=usage.has_own_limit)


@router.put("/users/{user_id}/quota", status_code=204)
async def set_quota(service: GenerationsDep, user_id: str, body: PiecesLimit) -> None:
    """Set how many pieces a user may request in a day."""
    await service.set_daily_limit(user_id, body.max_pieces_per_day)


@router.delete("/users/{user_id}/quota", status_code=204)
async def remove_quota(service: GenerationsDep, user_id: str) -> None:
    """Apply the limit of all users to a user again. Idempotent."""
    await service.set_daily_limit(user_id, None)


class AnswerRow(BaseModel):
    """An answer to a pair of the listening test. `person` is the side of the piece by a person."""

    id: uuid.UUID
    answered_at: datetime | None
    style: str
    source: str
    model: str
    model_version: str
    seed: int
    person: str
    preferred: str
    guessed: str
    browser: str | None

    @classmethod
    def of(cls, pair: Pair) -> "AnswerRow":
        """Build the row of an answered pair."""
        assert pair.answer is not None
        return cls(
            id=pair.id,
            answered_at=pair.answered_at,
            style=pair.style,
            source=pair.excerpt_id,
            model=pair.model,
            model_version=pair.model_version,
            seed=pair.seed,
            person=pair.person.value,
            preferred=pair.answer.preferred.value,
            guessed=pair.answer.guessed.value,
            browser=pair.answer.browser,
        )


class AnswerList(BaseModel):
    """Answers in the order of time."""

    items: list[AnswerRow]


class ShareView(BaseModel):
    """`count` of `total`, with the limits of the 95 % interval of the share."""

    count: int
    total: int
    share: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, share: Share) -> "ShareView":
        """Build the view of a share."""
        low, high = share.interval or (None, None)
        return cls(count=share.count, total=share.total, share=share.value, low=low, high=high)


class SummaryView(BaseModel):
    """The answers about one style and model version."""

    style: str
    model: str
    model_version: str
    answers: int
    preferred_composed: ShareView
    right_guesses: ShareView


class SummaryList(BaseModel):
    """The answers by style, model and version."""

    items: list[SummaryView]


@router.get("/listening/answers")
async def list_answers(
    listening: ListeningDep, after: uuid.UUID | None = None, limit: Annotated[int, Query(ge=1, le=5000)] = 1000
) -> AnswerList:
    """List answers in the order of time, those after the answer `after`."""
    return AnswerList(items=[AnswerRow.of(pair) for pair in await listening.answers(after=after, limit=limit)])


@router.get("/listening/summary")
async def summarise_answers(listening: ListeningDep) -> SummaryList:
    """Summarise the answers by style, model and version."""
    return SummaryList(
        items=[
            SummaryView(
                style=one.style,
                model=one.model,
                model_version=one.model_version,
                answers=one.answers,
                preferred_composed=ShareView.of(one.preferred_composed),
                right_guesses=ShareView.of(one.right_guesses),
            )
            for one in await listening.summaries()
        ]
    )
