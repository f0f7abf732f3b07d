"""Reads of the queue skip what was claimed, also while something holds an old snapshot."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from euterpe_generator.domain.generation import Generation, Owner, Status
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.failures import FailureRepository
from euterpe_generator.storage.generations import GenerationRepository
from euterpe_generator.worker.queue_bounds import QueueBounds
from euterpe_service_kit.database import Database
from sqlalchemy import text

LEASE = timedelta(seconds=30)
OWNERS = [Owner.account(f"user-{number}", "User") for number in range(20)]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


class Worker:
    """Claims and sweeps, with a clock that moves a second per sweep."""

    def __init__(self, database: Database) -> None:
        self.now = 0.0
        self._database = database
        self._bounds = QueueBounds(lambda: self.now)

    async def sweep(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += 1
            async with self._database.sessions.begin() as session:
                await self._bounds.update(session)

    async def claim(self, count: int = 1) -> list[Generation]:
        async with self._database.sessions.begin() as session:
            return await GenerationRepository(session).claim(worker="w", models=["tiny@1"], count=count, lease=LEASE)

    async def end(self, generations: list[Generation]) -> None:
        async with self._database.sessions.begin() as session:
            for one in generations:
                await GenerationRepository(session).end(one, Status.FAILED, "test")


async def enqueue(database: Database, owners: list[Owner], *, background: bool = False) -> list[Generation]:
    async with database.sessions.begin() as session:
        orders = [Order("tiny", "1", (OrderItem(uuid.uuid4(), 1, 10, "Piece"),), background=background) for _ in owners]
        admissions = [Admission(owner, order, 10_000) for owner, order in zip(owners, orders, strict=True)]
        return [piece for pieces in await GenerationRepository(session).enqueue(admissions) for piece in pieces]


async def entries_of_a_claim(database: Database) -> int:
    """Claim eight pieces, and return how many entries of the queue's index that reads."""
    async with database.sessions.begin() as session:
        # The test's table is so small that reading it as a whole would be cheap; a real one is not.
        for kind in ("seqscan", "bitmapscan"):
            await session.execute(text(f"SET LOCAL enable_{kind} = off"))
        # Counts of earlier transactions of the connection may be included.
        entries = text("SELECT pg_stat_get_xact_tuples_returned('ix_generations_queue'::regclass)")
        before = int(await session.scalar(entries) or 0)
        await GenerationRepository(session).claim(worker="w", models=["tiny@1"], count=8, lease=LEASE)
        return int(await session.scalar(entries) or 0) - before


@pytest.mark.parametrize("backlog", [0, 40])
async def test_claims_stay_cheap_while_a_snapshot_is_held(database: Database, backlog: int) -> None:
    worker = Worker(database)
    async with database.maintenance() as holder:
        await holder.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await holder.execute(text("SELECT count(*) FROM generations"))
        for _ in range(backlog // len(OWNERS)):
            await enqueue(database, OWNERS)
        for _ in range(30):
            await enqueue(database, OWNERS)
            claimed = await worker.claim(len(OWNERS))
            assert len(claimed) == len(OWNERS)
            await worker.end(claimed)
            await worker.sweep()
        bounded = await entries_of_a_claim(database)
        # Without the floor, the 600 pieces that were claimed since the snapshot are read.
        async with database.sessions.begin() as session:
            await session.execute(text("SELECT setval('queue_floor', 0)"))
        unbounded = await entries_of_a_claim(database)
    assert 3 * bounded < unbounded, (bounded, unbounded)


async def test_every_piece_is_claimed_whatever_the_bounds_are(database: Database) -> None:
    worker = Worker(database)
    expected: set[uuid.UUID] = set()
    claimed: set[uuid.UUID] = set()
    for number in range(40):
        new = await enqueue(database, OWNERS[: number % 5 + 1], background=number % 3 == 0)
        expected |= {one.id for one in new}
        got = await worker.claim(number % 4)
        claimed |= {one.id for one in got}
        await worker.end(got)
        await worker.sweep(number % 3)
    while got := await worker.claim(10):
        claimed |= {one.id for one in got}
    assert claimed == expected


async def test_a_requeued_piece_is_claimed_although_the_floor_has_passed_it(database: Database) -> None:
    worker = Worker(database)
    [first] = await enqueue(database, OWNERS[:1])
    [lost] = await worker.claim()
    for _ in range(12):
        await enqueue(database, OWNERS[1:2])
        await worker.end(await worker.claim())
        await worker.sweep()
    async with database.sessions.begin() as session:
        assert await session.scalar(text("SELECT last_value FROM queue_floor")) > 0
        await session.execute(
            text("UPDATE generations SET lease_until = now() - interval '1 s' WHERE status = 'running'")
        )
        [expired] = await GenerationRepository(session).expire_leases(max_attempts=3, failure="x", lease=LEASE)
    assert (expired.id, lost.id) == (first.id, first.id)
    assert [one.id for one in await worker.claim()] == [first.id]


async def test_a_generation_that_failed_long_ago_is_queued_behind_the_head(database: Database) -> None:
    worker = Worker(database)
    [first] = await enqueue(database, OWNERS[:1])
    await worker.claim()
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE generations SET status = 'failed'"))
        await session.execute(text("SELECT setval('queue_head', 1000000), setval('queue_floor', 900000)"))
        assert await FailureRepository(session).retry(first.id)
    [again] = await worker.claim()
    assert again.id == first.id
    async with database.sessions.begin() as session:
        turns = (await session.scalars(text("SELECT turn FROM generations"))).all()
    assert min(turns) >= 1_000_000


async def test_a_recent_sweep_passes_over_pieces_that_were_claimed_earlier(database: Database) -> None:
    worker = Worker(database)
    [first] = await enqueue(database, OWNERS[:1])
    await worker.claim()
    async with database.sessions.begin() as session:
        earlier = "lease_until = now() - interval '1 s', started_at = now() - interval '5 min'"
        await session.execute(text(f"UPDATE generations SET {earlier}"))
        generations = GenerationRepository(session)
        recent = {"max_attempts": 3, "failure": "x", "lease": LEASE, "started_within": timedelta(minutes=1)}
        assert await generations.expire_leases(**recent) == []
        [expired] = await generations.expire_leases(max_attempts=3, failure="x", lease=LEASE)
    assert expired.id == first.id


async def test_a_piece_of_an_earlier_release_below_the_floor_is_found(database: Database) -> None:
    worker = Worker(database)
    for _ in range(12):
        await enqueue(database, OWNERS[:1])
        await worker.end(await worker.claim())
        await worker.sweep()
    [piece] = await enqueue(database, OWNERS[:1])
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE generations SET turn = 0 WHERE status = 'queued'"))
    assert await worker.claim() == []
    await worker.sweep(10)
    assert [one.id for one in await worker.claim()] == [piece.id]


async def test_the_renewal_of_a_lease_touches_no_index(database: Database) -> None:
    worker = Worker(database)
    await enqueue(database, OWNERS)
    claimed = await worker.claim(len(OWNERS))
    for steps in range(1, 4):
        async with database.sessions.begin() as session:
            pieces = [(one.id, one.attempt, steps) for one in claimed]
            await GenerationRepository(session).renew(pieces, lease=LEASE)
            await session.execute(text("SELECT pg_stat_force_next_flush()"))
    async with database.sessions() as session:
        updated, hot = (
            await session.execute(
                text("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'generations'")
            )
        ).one()
    # The claims are not among them: the status is in the conditions of indexes.
    assert updated == 4 * len(OWNERS)
    assert hot >= 2 * len(OWNERS)
