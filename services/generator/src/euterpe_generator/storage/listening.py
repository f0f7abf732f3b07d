"""Statements on the pairs of the listening test and their answers."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.listening import Answer, Guess, Pair, Preference, Share, Side, Summary
from euterpe_generator.storage.models import ListeningPairRow as Row


class ListeningRepository:
    """Pairs and answers, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, pair: Pair) -> None:
        """Store a pair that has no answer."""
        values = {
            name: getattr(pair, name) for name in Pair.__dataclass_fields__ if name not in ("answer", "answered_at")
        }
        self._session.add(Row(**values | {"person": pair.person.value}))

    async def get(self, pair_id: uuid.UUID) -> Pair | None:
        """Return a pair that has not expired."""
        row = await self._session.scalar(select(Row).where(Row.id == pair_id, Row.expires_at > func.now()))
        return None if row is None else _pair(row)

    async def answer(self, pair_id: uuid.UUID, answer: Answer) -> bool:
        """Store the answer; False if the pair has one or has expired."""
        statement = (
            update(Row)
            .where(Row.id == pair_id, Row.answered_at.is_(None), Row.expires_at > func.now())
            .values(
                answered_at=func.now(),
                preferred=answer.preferred.value,
                guessed=answer.guessed.value,
                browser=answer.browser,
            )
            .returning(Row.id)
        )
        return await self._session.scalar(statement) is not None

    async def answered(self, *, after: uuid.UUID | None, limit: int) -> Sequence[Pair]:
        """Return answered pairs in the order of their answers, after one of them."""
        order = tuple_(Row.answered_at, Row.id)
        statement = select(Row).where(Row.answered_at.is_not(None)).order_by(Row.answered_at, Row.id).limit(limit)
        if after is not None:
            last = select(Row.answered_at, Row.id).where(Row.id == after).scalar_subquery()
            statement = statement.where(order > last)
        return [_pair(row) for row in await self._session.scalars(statement)]

    async def summaries(self) -> Sequence[Summary]:
        """Return the counts of answers per style and model version."""
        has_preference, has_guess = Row.preferred != Preference.NONE, Row.guessed != Guess.UNKNOWN
        statement = (
            select(
                Row.style,
                Row.model,
                Row.model_version,
                func.count(),
                func.count().filter(has_preference, Row.preferred != Row.person),
                func.count().filter(has_preference),
                func.count().filter(Row.guessed == Row.person),
                func.count().filter(has_guess),
            )
            .where(Row.answered_at.is_not(None))
            .group_by(Row.style, Row.model, Row.model_version)
            .order_by(Row.style, Row.model, Row.model_version)
        )
        return [
            Summary(style, model, version, answers, Share(composed, preferences), Share(right, guesses))
            for style, model, version, answers, composed, preferences, right, guesses in (
                await self._session.execute(statement)
            ).all()
        ]

    async def delete_unanswered(self) -> None:
        """Delete the pairs that have expired without an answer."""
        await self._session.execute(delete(Row).where(Row.answered_at.is_(None), Row.expires_at <= func.now()))


def _pair(row: Row) -> Pair:
    answer = None
    if row.preferred is not None and row.guessed is not None:
        answer = Answer(Preference(row.preferred), Guess(row.guessed), row.browser)
    return Pair(
        id=row.id,
        excerpt_id=row.excerpt_id,
        style=row.style,
        generation_id=row.generation_id,
        model=row.model,
        model_version=row.model_version,
        seed=row.seed,
        person=Side(row.person),
        created_at=row.created_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        answer=answer,
    )
