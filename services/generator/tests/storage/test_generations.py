"""The queue on real PostgreSQL: fairness, leases, fencing."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from euterpe_generator.domain.generation import Generation, Listener, Order, OrderedPiece, Result, Status
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import Generations
from euterpe_generator.storage.workers import Workers
from euterpe_service_kit.database import Database
from sqlalchemy import text

LEASE = timedelta(seconds=30)
MODEL = ["tiny@1"]
ANNA, BEN = Listener.account("anna", "Anna"), Listener.account("ben", "Ben")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


async def enqueue(database: Database, listener: Listener, count: int = 1, model: str = "tiny") -> list[Generation]:
    made = []
    for _ in range(count):
        async with database.sessions.begin() as session:
            order = Order(model, "1", (OrderedPiece(uuid.uuid4(), seed=1, length=10, title="Piece"),))
            made += (await Generations(session).enqueue([Admission(listener, order, 1000)]))[0]
    return made


async def claim(database: Database, count: int = 1, worker: str = "w1", lease: timedelta = LEASE) -> list[Generation]:
    async with database.sessions.begin() as session:
        return await Generations(session).claim(worker=worker, models=MODEL, count=count, lease=lease)


async def finish(database: Database, generation: Generation) -> Generation | None:
    async with database.sessions.begin() as session:
        result = Result(
            generation.id,
            generation.attempt,
            Status.SUCCEEDED,
            10,
            "midi/00.mid",
            10,
            None,
            3,
            1.5,
            {"scale_score": 0.9},
        )
        return (await Generations(session).finish([result])).get(generation.id)


async def expire(database: Database, max_attempts: int = 3) -> list[Generation]:
    async with database.sessions.begin() as session:
        return await Generations(session).expire_leases(max_attempts=max_attempts, failure="gave up")


async def test_a_listener_s_pieces_are_claimed_in_order(database: Database) -> None:
    made = await enqueue(database, ANNA, 5)
    claimed = [(await claim(database))[0].id for _ in made]
    assert claimed == [one.id for one in made]


async def test_a_thousand_pieces_of_one_delay_another_s_first_by_one_at_most(database: Database) -> None:
    await enqueue(database, ANNA, 50)
    await claim(database)
    first = (await enqueue(database, BEN))[0]
    next_two = [(await claim(database))[0].id for _ in range(2)]
    assert first.id in next_two


async def test_who_comes_back_does_not_wait_behind_what_one_had_before(database: Database) -> None:
    await enqueue(database, ANNA, 3)
    for _ in range(3):
        await finish(database, (await claim(database))[0])
    await enqueue(database, BEN, 20)
    await claim(database, 10)
    back = (await enqueue(database, ANNA))[0]
    assert back.id in {one.id for one in await claim(database, 2)}


async def test_concurrent_workers_never_claim_the_same(database: Database) -> None:
    made = await enqueue(database, ANNA, 40)
    batches = await asyncio.gather(*(claim(database, 7, worker=f"w{n}") for n in range(6)))
    claimed = [one.id for batch in batches for one in batch]
    assert len(claimed) == len(set(claimed)) == len(made)


async def test_a_model_that_is_not_loaded_here_is_left_to_others(database: Database) -> None:
    await enqueue(database, ANNA, model="other")
    mine = (await enqueue(database, ANNA))[0]
    assert [one.id for one in await claim(database, 10)] == [mine.id]


async def test_an_expired_lease_goes_back_and_fences_the_old_worker_off(database: Database) -> None:
    await enqueue(database, ANNA)
    [old] = await claim(database, worker="dead", lease=timedelta(seconds=-1))
    [requeued] = await expire(database)
    assert (requeued.id, requeued.status) == (old.id, Status.QUEUED)
    [new] = await claim(database, worker="alive")
    assert new.attempt == old.attempt + 1
    assert await finish(database, old) is None
    finished = await finish(database, new)
    assert finished is not None
    assert finished.status is Status.SUCCEEDED


async def test_a_lease_that_holds_does_not_expire(database: Database) -> None:
    await enqueue(database, ANNA)
    await claim(database)
    assert await expire(database) == []


async def test_poison_is_given_up_with_a_reason_and_a_planned_stop_is_no_crime(database: Database) -> None:
    await enqueue(database, ANNA)
    for _ in range(2):
        await claim(database, worker="stopping")
        async with database.sessions.begin() as session:
            assert len(await Generations(session).hand_back("stopping")) == 1
    statuses = []
    for _ in range(3):
        await claim(database, lease=timedelta(seconds=-1))
        statuses += [(one.status, one.failure) for one in await expire(database)]
    assert statuses == [(Status.QUEUED, None), (Status.QUEUED, None), (Status.FAILED, "gave up")]
    assert await claim(database) == []


async def test_renewing_tells_what_is_lost_and_what_to_cancel(database: Database) -> None:
    await enqueue(database, ANNA, 3)
    kept, lost, cancelled = await claim(database, 3)
    await finish(database, lost)
    async with database.sessions.begin() as session:
        await Generations(session).cancel(cancelled.id)
    held = [(one.id, one.attempt, 4) for one in (kept, lost, cancelled)]
    async with database.sessions.begin() as session:
        answer = await Generations(session).renew(held, lease=LEASE)
    assert {key: asked.cancel for key, asked in answer.items()} == {kept.id: False, cancelled.id: True}
    async with database.sessions() as session:
        seen = await Generations(session).get(kept.id)
    assert seen is not None
    assert seen.steps == 4


async def test_cancelling_ends_what_is_queued_and_leaves_what_has_ended(database: Database) -> None:
    queued = (await enqueue(database, ANNA))[0]
    async with database.sessions.begin() as session:
        cancelled = await Generations(session).cancel(queued.id)
        again = await Generations(session).cancel(queued.id)
    assert cancelled is not None
    assert cancelled.status is Status.CANCELLED
    assert again is None
    assert await claim(database) == []


async def test_the_queue_s_head_comes_from_an_index(database: Database) -> None:
    # Ten thousand waiting rows must not make a claim slower: the plan may not sort or scan them.
    async with database.sessions.begin() as session:
        await session.execute(
            text("""INSERT INTO generations (id, order_id, listener_key, owner_name, model, model_version, seed, length,
                      title, turn)
                    SELECT gen_random_uuid(), gen_random_uuid(), 'user:' || n % 50, 'x', 'tiny', '1', 1, 10, 't', n
                    FROM generate_series(1, 10000) AS n""")
        )
        await session.execute(text("ANALYZE generations"))
        plan = await session.scalars(
            text("""EXPLAIN SELECT id FROM generations WHERE status = 'queued'
                    ORDER BY background, turn, created_at LIMIT 8 FOR UPDATE SKIP LOCKED""")
        )
        lines = "\n".join(plan)
    assert "ix_generations_queue" in lines
    assert "Sort" not in lines


async def test_background_pieces_wait_for_all_others(database: Database) -> None:
    async with database.sessions.begin() as session:
        piece = OrderedPiece(uuid.uuid4(), seed=1, length=10, title="Later")
        order = Order("tiny", "1", (piece,), background=True)
        [[later]] = await Generations(session).enqueue([Admission(ANNA, order, 1000)])
    others = await enqueue(database, ANNA, 2) + await enqueue(database, BEN, 2)
    claimed = [(await claim(database))[0].id for _ in range(5)]
    assert set(claimed[:4]) == {one.id for one in others}
    assert claimed[4] == later.id
    async with database.sessions() as session:
        [waiting] = await enqueue(database, BEN)
        assert await Generations(session).position(waiting, at_most=100) == 0


async def test_what_waits_for_a_model_that_has_gone_is_given_up(database: Database) -> None:
    [gone], [known] = await enqueue(database, ANNA, model="gone"), await enqueue(database, ANNA)
    async with database.sessions.begin() as session:
        await Workers(session).report("w1", models=MODEL, ended_per_second=1.0)
        assert await Generations(session).abandon(patience=timedelta(minutes=1)) == []
        [abandoned] = await Generations(session).abandon(patience=timedelta(0))
    assert (abandoned.id, abandoned.status) == (gone.id, Status.FAILED)
    assert "gone@1" in str(abandoned.failure)
    assert [one.id for one in await claim(database, 10)] == [known.id]


async def test_orders_that_come_together_take_the_turns_that_they_would_have_one_by_one(database: Database) -> None:
    orders = [Order("tiny", "1", (OrderedPiece(uuid.uuid4(), n, 10, "Piece"),)) for n in range(6)]
    listeners = [ANNA, ANNA, ANNA, ANNA, BEN, BEN]
    async with database.sessions.begin() as session:
        requests = [Admission(listener, order, 1000) for listener, order in zip(listeners, orders, strict=True)]
        answers = await Generations(session).enqueue(requests)
    assert [[one.id for one in pieces] for pieces in answers] == [[order.id] for order in orders]
    claimed = [(await claim(database))[0].listener.name for _ in range(6)]
    assert claimed[:4].count("Ben") == 2
    assert claimed[4:] == ["Anna", "Anna"]


async def test_together_orders_cannot_pass_the_limit_of_their_listener(database: Database) -> None:
    async def enqueue_together(*counts: int) -> list[int]:
        orders = [
            Order("tiny", "1", tuple(OrderedPiece(uuid.uuid4(), 1, 10, "Piece") for _ in range(count)))
            for count in counts
        ]
        async with database.sessions.begin() as session:
            answers = await Generations(session).enqueue([Admission(ANNA, order, 5) for order in orders])
        return [len(pieces) for pieces in answers]

    assert await enqueue_together(2, 2, 2) == [2, 2, 0]
    assert await enqueue_together(1, 1) == [1, 0]
