"""The queue on real PostgreSQL: fairness, leases, fencing."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from euterpe_generator.domain.generation import Generation, Owner, Status
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import Completion, GenerationRepository
from euterpe_generator.storage.workers import WorkerRepository
from euterpe_service_kit.database import Database
from sqlalchemy import text

LEASE = timedelta(seconds=30)
#: The duration of a lease that ends before it begins.
EXPIRED = timedelta(seconds=-1)
MODEL = ["tiny@1"]
PIECE = RenderedPiece(
    midi=b"MThd", sha256="0" * 64, steps=10, note_count=3, duration_seconds=1.5, measures={"scale_score": 0.9},
    tempo_bpm=120.0, programs=[0],
)  # fmt: skip
ANNA, BEN = Owner.account("anna", "Anna"), Owner.account("ben", "Ben")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


async def enqueue(database: Database, owner: Owner, count: int = 1, model: str = "tiny") -> list[Generation]:
    created = []
    for _ in range(count):
        async with database.sessions.begin() as session:
            order = Order(model, "1", (OrderItem(uuid.uuid4(), seed=1, length=10, title="Piece"),))
            created += (await GenerationRepository(session).enqueue([Admission(owner, order, 1000)]))[0]
    return created


async def claim(database: Database, count: int = 1, worker: str = "w1", lease: timedelta = LEASE) -> list[Generation]:
    async with database.sessions.begin() as session:
        return await GenerationRepository(session).claim(worker=worker, models=MODEL, count=count, lease=lease)


async def finish(database: Database, generation: Generation) -> Generation | None:
    async with database.sessions.begin() as session:
        completion = Completion(generation, Status.SUCCEEDED, PIECE, song_id=None)
        return (await GenerationRepository(session).complete([completion])).get(generation.id)


async def expire(
    database: Database, max_attempts: int = 3, *, lease: timedelta = EXPIRED, counts: bool = True
) -> list[Generation]:
    async with database.sessions.begin() as session:
        return await GenerationRepository(session).expire_leases(
            max_attempts=max_attempts, failure="gave up", lease=lease, counts=counts
        )


async def test_generations_of_one_user_are_claimed_in_order(database: Database) -> None:
    created = await enqueue(database, ANNA, 5)
    claimed = [(await claim(database))[0].id for _ in created]
    assert claimed == [one.id for one in created]


async def test_many_generations_of_one_user_delay_another_user_by_at_most_one(database: Database) -> None:
    await enqueue(database, ANNA, 50)
    await claim(database)
    first = (await enqueue(database, BEN))[0]
    next_two = [(await claim(database))[0].id for _ in range(2)]
    assert first.id in next_two


async def test_earlier_generations_do_not_delay_a_returning_user(database: Database) -> None:
    await enqueue(database, ANNA, 3)
    for _ in range(3):
        await finish(database, (await claim(database))[0])
    await enqueue(database, BEN, 20)
    await claim(database, 10)
    back = (await enqueue(database, ANNA))[0]
    assert back.id in {one.id for one in await claim(database, 2)}


async def test_concurrent_workers_never_claim_the_same(database: Database) -> None:
    created = await enqueue(database, ANNA, 40)
    batches = await asyncio.gather(*(claim(database, 7, worker=f"w{n}") for n in range(6)))
    claimed = [one.id for batch in batches for one in batch]
    assert len(claimed) == len(set(claimed)) == len(created)


async def test_generations_of_models_that_are_not_loaded_are_not_claimed(database: Database) -> None:
    await enqueue(database, ANNA, model="other")
    mine = (await enqueue(database, ANNA))[0]
    assert [one.id for one in await claim(database, 10)] == [mine.id]


async def test_an_expired_lease_is_requeued_and_the_old_worker_is_fenced_off(database: Database) -> None:
    await enqueue(database, ANNA)
    [old] = await claim(database, worker="dead", lease=EXPIRED)
    [requeued] = await expire(database)
    assert (requeued.id, requeued.status) == (old.id, Status.QUEUED)
    [new] = await claim(database, worker="alive")
    assert new.attempt == old.attempt + 1
    assert await finish(database, old) is None
    finished = await finish(database, new)
    assert finished is not None
    assert finished.status is Status.SUCCEEDED


async def test_a_valid_lease_does_not_expire(database: Database) -> None:
    await enqueue(database, ANNA)
    await claim(database)
    assert await expire(database) == []


async def test_three_expired_leases_fail_a_generation_and_planned_stops_do_not_count(database: Database) -> None:
    await enqueue(database, ANNA)
    for _ in range(2):
        await claim(database, worker="stopping")
        async with database.sessions.begin() as session:
            assert len(await GenerationRepository(session).hand_back("stopping")) == 1
    statuses = []
    for _ in range(3):
        await claim(database, lease=EXPIRED)
        statuses += [(one.status, one.failure) for one in await expire(database)]
    assert statuses == [(Status.QUEUED, None), (Status.QUEUED, None), (Status.FAILED, "gave up")]
    assert await claim(database) == []


@pytest.mark.parametrize("outage", [{"counts": False}, {"lease": timedelta(days=1)}])
async def test_leases_that_expire_in_an_outage_do_not_fail_a_generation(database: Database, outage: Any) -> None:
    """PostgreSQL was not reachable, or it has started after the last renewal: the worker did not die alone."""
    await enqueue(database, ANNA)
    for _ in range(4):
        await claim(database, lease=EXPIRED)
        assert [one.status for one in await expire(database, **outage)] == [Status.QUEUED]
    statuses = []
    for _ in range(3):
        await claim(database, lease=EXPIRED)
        statuses += [one.status for one in await expire(database)]
    assert statuses == [Status.QUEUED, Status.QUEUED, Status.FAILED]


async def test_renewing_returns_lost_leases_and_cancellations(database: Database) -> None:
    await enqueue(database, ANNA, 3)
    kept, lost, cancelled = await claim(database, 3)
    await finish(database, lost)
    async with database.sessions.begin() as session:
        await GenerationRepository(session).cancel(cancelled.id)
    claimed = [(one.id, one.attempt, 4) for one in (kept, lost, cancelled)]
    async with database.sessions.begin() as session:
        leases = await GenerationRepository(session).renew(claimed, lease=LEASE)
    assert {key: lease.cancel_requested for key, lease in leases.items()} == {kept.id: False, cancelled.id: True}
    async with database.sessions() as session:
        seen = await GenerationRepository(session).get(kept.id)
    assert seen is not None
    assert seen.steps == 4


async def test_cancelling_ends_a_queued_generation_once(database: Database) -> None:
    queued = (await enqueue(database, ANNA))[0]
    async with database.sessions.begin() as session:
        cancelled = await GenerationRepository(session).cancel(queued.id)
        again = await GenerationRepository(session).cancel(queued.id)
    assert cancelled is not None
    assert cancelled.status is Status.CANCELLED
    assert again is None
    assert await claim(database) == []


async def test_claims_read_the_head_of_the_queue_from_an_index(database: Database) -> None:
    # Ten thousand queued rows must not slow down a claim: the plan must neither sort nor scan them.
    async with database.sessions.begin() as session:
        await session.execute(
            text("""INSERT INTO generations (id, order_id, listener_key, owner_name, model, model_version, seed, length,
                      title, turn)
                    SELECT gen_random_uuid(), gen_random_uuid(), 'user:' || n % 50, 'x', 'tiny', '1', 1, 10, 't', n
                    FROM generate_series(1, 10000) AS n""")
        )
        await session.execute(text("ANALYZE generations"))
        plan = await session.scalars(
            text("""EXPLAIN SELECT id FROM generations
                    WHERE status = 'queued' AND NOT background AND turn >= (SELECT last_value FROM queue_floor)
                    ORDER BY turn, created_at LIMIT 8 FOR UPDATE SKIP LOCKED""")
        )
        lines = "\n".join(plan)
    assert "ix_generations_queue" in lines
    assert "Sort" not in lines


async def test_background_generations_are_claimed_after_all_others(database: Database) -> None:
    async with database.sessions.begin() as session:
        piece = OrderItem(uuid.uuid4(), seed=1, length=10, title="Later")
        order = Order("tiny", "1", (piece,), background=True)
        [[later]] = await GenerationRepository(session).enqueue([Admission(ANNA, order, 1000)])
    others = await enqueue(database, ANNA, 2) + await enqueue(database, BEN, 2)
    claimed = [(await claim(database))[0].id for _ in range(5)]
    assert set(claimed[:4]) == {one.id for one in others}
    assert claimed[4] == later.id
    async with database.sessions() as session:
        [waiting] = await enqueue(database, BEN)
        assert await GenerationRepository(session).count_before(waiting, at_most=100) == 0


async def test_generations_that_wait_for_an_unloaded_model_fail(database: Database) -> None:
    [gone], [known] = await enqueue(database, ANNA, model="gone"), await enqueue(database, ANNA)
    async with database.sessions.begin() as session:
        await WorkerRepository(session).report("w1", models=MODEL, ended_per_second=1.0)
        assert await GenerationRepository(session).fail_unserved(patience=timedelta(minutes=1)) == []
        [failed] = await GenerationRepository(session).fail_unserved(patience=timedelta(0))
    assert (failed.id, failed.status) == (gone.id, Status.FAILED)
    assert "gone@1" in str(failed.failure)
    assert [one.id for one in await claim(database, 10)] == [known.id]


async def test_orders_enqueued_together_get_the_same_turns_as_one_by_one(database: Database) -> None:
    orders = [Order("tiny", "1", (OrderItem(uuid.uuid4(), n, 10, "Piece"),)) for n in range(6)]
    owners = [ANNA, ANNA, ANNA, ANNA, BEN, BEN]
    async with database.sessions.begin() as session:
        admissions = [Admission(owner, order, 1000) for owner, order in zip(owners, orders, strict=True)]
        answers = await GenerationRepository(session).enqueue(admissions)
    assert [[one.id for one in pieces] for pieces in answers] == [[order.id] for order in orders]
    claimed = [(await claim(database))[0].owner.name for _ in range(6)]
    assert claimed[:4].count("Ben") == 2
    assert claimed[4:] == ["Anna", "Anna"]


async def test_orders_enqueued_together_do_not_exceed_the_limit_of_their_owner(database: Database) -> None:
    async def enqueue_together(*counts: int) -> list[int]:
        orders = [
            Order("tiny", "1", tuple(OrderItem(uuid.uuid4(), 1, 10, "Piece") for _ in range(count))) for count in counts
        ]
        async with database.sessions.begin() as session:
            answers = await GenerationRepository(session).enqueue([Admission(ANNA, order, 5) for order in orders])
        return [len(pieces) for pieces in answers]

    assert await enqueue_together(2, 2, 2) == [2, 2, 0]
    assert await enqueue_together(1, 1) == [1, 0]


async def test_refused_orders_leave_room_for_those_after_them(database: Database) -> None:
    guests = [Owner.account(name, name, is_guest=True, address="192.0.2.1") for name in ("carl", "dora", "eva", "finn")]

    async def enqueue_together(*orders: tuple[Owner, int]) -> list[int]:
        admissions = [
            Admission(
                owner, Order("tiny", "1", tuple(OrderItem(uuid.uuid4(), 1, 10, "Piece") for _ in range(count))), 3, 4
            )
            for owner, count in orders
        ]
        async with database.sessions.begin() as session:
            return [len(pieces) for pieces in await GenerationRepository(session).enqueue(admissions)]

    carl, dora, eva, finn = guests
    # Of the network's four, the refused orders of 4 take none; of a guest's three, neither.
    assert await enqueue_together((carl, 4), (dora, 1), (carl, 1), (eva, 3), (finn, 2), (eva, 1)) == [0, 1, 1, 0, 2, 0]
    assert await enqueue_together((ANNA, 4), (ANNA, 2), (ANNA, 2), (ANNA, 1)) == [0, 2, 0, 1]
