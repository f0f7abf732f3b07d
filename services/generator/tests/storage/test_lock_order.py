"""Statements on several generations lock them in one order, so that concurrent transactions cannot deadlock."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from euterpe_generator.domain.generation import Generation, Owner, Status
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.storage import generations
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import Completion, GenerationRepository
from euterpe_generator.storage.owners import OwnerRepository
from euterpe_service_kit.database import Database
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

LEASE = timedelta(seconds=30)
ANNA, BEN = Owner.account("anna", "Anna"), Owner.account("ben", "Ben")
PIECE = RenderedPiece(
    midi=b"MThd", sha256="0" * 64, steps=10, note_count=3, duration_seconds=1.5, measures={}, tempo_bpm=120.0,
    programs=[0],
)  # fmt: skip
LOW, HIGH = uuid.UUID(int=1), uuid.UUID(int=2)

Statement = Callable[[AsyncSession, list[Generation]], Awaitable[object]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


@pytest.fixture
async def claimed(database: Database) -> list[Generation]:
    """Two running generations; the one with the higher id is stored first, and first in the list."""
    async with database.sessions.begin() as session:
        repository = GenerationRepository(session)
        for number in (HIGH, LOW):
            order = Order("tiny", "1", (OrderItem(number, seed=1, length=10, title="Piece"),))
            await repository.enqueue([Admission(ANNA, order, 1000)])
        return await repository.claim(worker="w1", models=["tiny@1"], count=2, lease=LEASE)


async def renew(session: AsyncSession, claimed: list[Generation]) -> object:
    return await GenerationRepository(session).renew([(one.id, one.attempt, 3) for one in claimed], lease=LEASE)


async def complete(session: AsyncSession, claimed: list[Generation]) -> object:
    completions = [Completion(one, Status.SUCCEEDED, PIECE, song_id=None) for one in claimed]
    return await GenerationRepository(session).complete(completions)


async def hand_back(session: AsyncSession, claimed: list[Generation]) -> object:
    return await GenerationRepository(session).hand_back("w1")


async def transfer(session: AsyncSession, claimed: list[Generation]) -> object:
    return await OwnerRepository(session).transfer(ANNA, BEN, count=10)


async def delete(session: AsyncSession, claimed: list[Generation]) -> object:
    return await OwnerRepository(session).delete(ANNA, count=10)


@pytest.mark.parametrize("statement", [renew, complete, hand_back, transfer, delete])
async def test_rows_are_locked_by_ascending_id(
    database: Database, claimed: list[Generation], statement: Statement
) -> None:
    assert [one.id for one in claimed] == [HIGH, LOW]
    assert await _waits_without_a_lock(database, claimed, statement)


@pytest.mark.parametrize(("statement", "name"), [(renew, "_RENEW"), (complete, "_COMPLETE")])
async def test_another_order_is_noticed(
    database: Database,
    claimed: list[Generation],
    statement: Statement,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ordered = getattr(generations, name).text
    assert "ORDER BY id FOR UPDATE" in ordered
    monkeypatch.setattr(generations, name, text(ordered.replace("ORDER BY id FOR", "ORDER BY id DESC FOR")))
    assert not await _waits_without_a_lock(database, claimed, statement)


async def test_sweeping_skips_rows_that_are_being_changed(database: Database, claimed: list[Generation]) -> None:
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE generations SET lease_until = now() - interval '1 second'"))
    async with database.sessions.begin() as holder:
        await holder.execute(text("SELECT FROM generations WHERE id = :id FOR UPDATE"), {"id": LOW})
        async with database.sessions.begin() as session:
            expired = await GenerationRepository(session).expire_leases(
                max_attempts=3, failure="gave up", lease=timedelta(0)
            )
    assert [one.id for one in expired] == [HIGH]


async def _waits_without_a_lock(database: Database, claimed: list[Generation], statement: Statement) -> bool:
    """Whether the statement, while it waits for the lower id, has not locked the higher one, which could deadlock."""

    async def run() -> object:
        async with database.sessions.begin() as session:
            return await statement(session, claimed)

    higher_is_free = True
    async with database.sessions.begin() as holder:
        await holder.execute(text("SELECT FROM generations WHERE id = :id FOR UPDATE"), {"id": LOW})
        waiting = asyncio.create_task(run())
        await _until_blocked(database)
        try:
            async with holder.begin_nested():
                await holder.execute(text("SELECT FROM generations WHERE id = :id FOR UPDATE NOWAIT"), {"id": HIGH})
        except DBAPIError:
            higher_is_free = False
    assert await asyncio.wait_for(waiting, 10)
    return higher_is_free


async def _until_blocked(database: Database) -> None:
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
    async with asyncio.timeout(10):
        while True:
            async with database.sessions() as session:
                if await session.scalar(blocked):
                    return
            await asyncio.sleep(0.02)
