"""Races of recovery in the queue: lost locks, stale workers, and a quiet user's generation among 100,000 others."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from euterpe_generator.domain.generation import Generation, Owner, Status
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import Completion, GenerationRepository, RenewedLease
from euterpe_service_kit.database import Database
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

LEASE, EXPIRED = timedelta(seconds=30), timedelta(seconds=-1)
ANNA = Owner.account("anna", "Anna")
PIECE = RenderedPiece(
    midi=b"MThd", sha256="0" * 64, steps=10, note_count=3, duration_seconds=1.5, measures={}, tempo_bpm=120.0,
    programs=[0],
)  # fmt: skip


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


@pytest.fixture
async def queued(database: Database) -> Generation:
    """One queued generation."""
    return await enqueue(database, "tiny")


async def enqueue(database: Database, model: str) -> Generation:
    order = Order(model, "1", (OrderItem(uuid.uuid4(), seed=1, length=10, title="Piece"),))
    async with database.sessions.begin() as session:
        [[created]] = await GenerationRepository(session).enqueue([Admission(ANNA, order, 1000)])
    return created


async def claim(session: AsyncSession, worker: str, *, count: int = 1, lease: timedelta = LEASE) -> list[Generation]:
    return await GenerationRepository(session).claim(worker=worker, models=["tiny@1"], count=count, lease=lease)


async def claim_one(database: Database, worker: str, *, lease: timedelta = LEASE) -> Generation:
    async with database.sessions.begin() as session:
        [claimed] = await claim(session, worker, lease=lease)
    return claimed


async def complete(session: AsyncSession, generation: Generation) -> Generation | None:
    completion = Completion(generation, Status.SUCCEEDED, PIECE, song_id=None)
    return (await GenerationRepository(session).complete([completion])).get(generation.id)


async def expire(session: AsyncSession) -> list[Generation]:
    return await GenerationRepository(session).expire_leases(max_attempts=3, failure="gave up", lease=timedelta(0))


async def read(database: Database, generation: Generation) -> tuple[Status, int, int]:
    """Return the status, the attempt and the number of crashes."""
    columns = text("SELECT status, attempt, crashes FROM generations WHERE id = :id")
    async with database.sessions() as session:
        row = (await session.execute(columns, {"id": generation.id})).one()
    return Status(row.status), row.attempt, row.crashes


async def kill_connection(database: Database, session: AsyncSession) -> None:
    process = await session.scalar(text("SELECT pg_backend_pid()"))
    async with database.sessions() as killer:
        assert await killer.scalar(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})


async def test_a_claim_that_loses_its_locks_leaves_the_generation_to_the_next(
    database: Database, queued: Generation
) -> None:
    async def claim_and_lose() -> None:
        async with database.sessions.begin() as session:
            assert len(await claim(session, "first")) == 1
            async with database.sessions.begin() as other:
                assert await claim(other, "second") == []
            await kill_connection(database, session)
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError):
        await claim_and_lose()
    assert await read(database, queued) == (Status.QUEUED, 0, 0)
    assert (await claim_one(database, "second")).attempt == 1


async def test_a_completion_that_loses_its_locks_is_recorded_by_its_repetition(
    database: Database, queued: Generation
) -> None:
    claimed = await claim_one(database, "w1")

    async def complete_and_lose() -> None:
        async with database.sessions.begin() as session:
            assert await complete(session, claimed)
            await kill_connection(database, session)
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError):
        await complete_and_lose()
    assert (await read(database, queued))[0] is Status.RUNNING
    async with database.sessions.begin() as session:
        assert await complete(session, claimed)
    assert await read(database, queued) == (Status.SUCCEEDED, 1, 0)


async def test_a_renewal_that_waits_for_the_expiry_of_its_lease_reports_the_loss(
    database: Database, queued: Generation
) -> None:
    claimed = await claim_one(database, "slow", lease=EXPIRED)

    async def renew() -> dict[uuid.UUID, RenewedLease]:
        async with database.sessions.begin() as session:
            return await GenerationRepository(session).renew([(claimed.id, claimed.attempt, 5)], lease=LEASE)

    async with database.sessions.begin() as sweeper:
        assert [one.id for one in await expire(sweeper)] == [claimed.id]
        renewal = asyncio.create_task(renew())
        await _until_blocked(database)
    assert await renewal == {}
    assert (await read(database, queued))[0] is Status.QUEUED


async def test_a_lease_that_is_being_renewed_does_not_expire(database: Database, queued: Generation) -> None:
    claimed = await claim_one(database, "late", lease=EXPIRED)
    async with database.sessions.begin() as session:
        assert await GenerationRepository(session).renew([(claimed.id, claimed.attempt, 5)], lease=LEASE)
        async with database.sessions.begin() as sweeper:
            assert await expire(sweeper) == []
    async with database.sessions.begin() as sweeper:
        assert await expire(sweeper) == []
    assert await read(database, queued) == (Status.RUNNING, 1, 0)


async def test_a_stale_worker_neither_renews_nor_ends_nor_hands_back_what_another_has_taken_over(
    database: Database, queued: Generation
) -> None:
    stale = await claim_one(database, "stale", lease=EXPIRED)
    async with database.sessions.begin() as session:
        await expire(session)
    current = await claim_one(database, "current")
    async with database.sessions.begin() as session:
        repository = GenerationRepository(session)
        assert await repository.renew([(stale.id, stale.attempt, 10)], lease=LEASE) == {}
        assert await repository.end(stale, Status.FAILED, "The model failed.") is None
        assert await complete(session, stale) is None
        assert await repository.hand_back("stale") == []
        await repository.end_leases("stale")
        assert await expire(session) == []
    assert await read(database, queued) == (Status.RUNNING, 2, 1)
    async with database.sessions.begin() as session:
        assert await complete(session, current)


async def test_100_000_queued_generations_delay_neither_another_user_nor_another_model(database: Database) -> None:
    async with database.maintenance.begin() as session:
        await session.execute(
            text("""INSERT INTO generations (id, order_id, listener_key, owner_name, model, model_version, seed, length,
                      title, turn)
                    SELECT gen_random_uuid(), gen_random_uuid(), 'user:busy', 'Busy',
                           CASE WHEN n > 100000 THEN 'tiny' ELSE 'other' END, '1', 1, 10, 't', n
                    FROM generate_series(1, 100001) AS n""")
        )
        await session.execute(text("ANALYZE generations"))
    quiet = await enqueue(database, "other")
    async with database.sessions.begin() as session:
        repository = GenerationRepository(session)
        first = await repository.claim(worker="w1", models=["other@1"], count=2, lease=LEASE)
    assert quiet.id in {one.id for one in first}
    # A worker without the other model finds the last one in the queue.
    assert (await claim_one(database, "w2")).owner.name == "Busy"


async def _until_blocked(database: Database) -> None:
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
    async with asyncio.timeout(20):
        while True:
            async with database.sessions() as session:
                if await session.scalar(blocked):
                    return
            await asyncio.sleep(0.02)
