"""`make bench-snapshot`: speed of the queue while a transaction holds a snapshot.

Producers enqueue, workers claim and complete pieces without composing them, and a sweeper moves the bounds of the
queue, as the generator does. Meanwhile a transaction holds a snapshot, so that PostgreSQL keeps every version of every
row. The last line is JSON: pieces per second and buffers of a claim in the first and in the last interval.

`--unbounded` reads the queue from its beginning instead of its floor, for comparison.
"""

import argparse
import asyncio
import secrets
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path

from euterpe_generator.domain.generation import Owner, Status
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.storage.admission import Admission
from euterpe_generator.storage.generations import Completion, GenerationRepository
from euterpe_generator.worker.queue_bounds import QueueBounds
from euterpe_service_kit.database import Database
from euterpe_stack.postgres import Postgres
from euterpe_test_kit.databases import migrate
from report import report
from sqlalchemy import text

ROOT = Path(__file__).resolve().parent.parent
LEASE = timedelta(seconds=30)
BATCH = 16
USERS = 50
#: Pieces that wait at most, so that producers do not run ahead of the workers.
BACKLOG = 200
PIECE = RenderedPiece(
    midi=b"MThd", sha256="0" * 64, steps=10, note_count=3, duration_seconds=1.5, measures={"scale_score": 0.9},
    tempo_bpm=120.0, programs=[0],
)  # fmt: skip
CLAIM = """
    EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT id FROM generations
    WHERE status = 'queued' AND NOT background AND turn >= (SELECT last_value FROM queue_floor)
    ORDER BY turn, created_at LIMIT 16
"""


class Load:
    """The queue under load."""

    def __init__(self, database: Database, *, is_bounded: bool) -> None:
        self.done = self.queued = 0
        self._database = database
        self._is_bounded = is_bounded

    async def produce(self) -> None:
        """Enqueue batches while few pieces wait."""
        while True:
            if self.queued > BACKLOG:
                await asyncio.sleep(0.005)
                continue
            users = [Owner.account(f"user-{secrets.randbelow(USERS)}", "User") for _ in range(BATCH)]
            admissions = [
                Admission(user, Order("m", "1", (OrderItem(uuid.uuid4(), 1, 10, "Piece"),)), 1_000) for user in users
            ]
            async with self._database.sessions.begin() as session:
                await GenerationRepository(session).enqueue(admissions)
            self.queued += BATCH

    async def work(self, name: str) -> None:
        """Claim, renew and complete."""
        while True:
            async with self._database.sessions.begin() as session:
                pieces = await GenerationRepository(session).claim(
                    worker=name, models=["m@1"], count=BATCH, lease=LEASE
                )
            if not pieces:
                await asyncio.sleep(0.005)
                continue
            async with self._database.sessions.begin() as session:
                await GenerationRepository(session).renew([(one.id, one.attempt, 5) for one in pieces], lease=LEASE)
            completions = [Completion(one, Status.SUCCEEDED, PIECE, song_id=None) for one in pieces]
            async with self._database.sessions.begin() as session:
                await GenerationRepository(session).complete(completions)
            self.queued -= len(pieces)
            self.done += len(pieces)

    async def sweep(self) -> None:
        """Do what a worker does once a second."""
        bounds = QueueBounds()
        while True:
            async with self._database.sessions.begin() as session:
                await GenerationRepository(session).expire_leases(
                    max_attempts=3, failure="lost", lease=LEASE, started_within=timedelta(minutes=1)
                )
                if self._is_bounded:
                    await bounds.update(session)
            await asyncio.sleep(1)

    async def buffers(self) -> int:
        """Return the buffers that a claim reads."""
        async with self._database.sessions() as session:
            plan = (await session.scalar(text(CLAIM)))[0]["Plan"]
        return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


async def measure(load: Load, seconds: float) -> dict[str, float]:
    """Return the pieces per second over an interval, and the buffers of a claim at its end."""
    before, started = load.done, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (load.done - before) / (time.perf_counter() - started)
    return {"pieces_per_second": round(rate, 1), "buffers_per_claim": await load.buffers()}


async def bench(url: str, arguments: argparse.Namespace) -> list[dict[str, float]]:
    """Run the load with the snapshot held; return the measurements of all intervals."""
    database = Database(url, schema="generator", pool_size=10)
    load = Load(database, is_bounded=not arguments.unbounded)
    holder = Database(url, schema="generator", pool_size=1)
    async with holder.engine.connect() as connection:
        for setting in ("idle_in_transaction_session_timeout", "transaction_timeout"):
            await connection.execute(text(f"SET {setting} = 0"))
        await connection.commit()
        tasks = [asyncio.create_task(load.work(f"w{number}")) for number in range(2)]
        tasks += [asyncio.create_task(load.produce()), asyncio.create_task(load.sweep())]
        await asyncio.sleep(5)
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await connection.execute(text("SELECT count(*) FROM generations"))
        measured = []
        for number in range(max(2, round(arguments.minutes * 60 / arguments.interval))):
            measured.append(await measure(load, arguments.interval))
            print(f"{(number + 1) * arguments.interval:5.0f} s: {measured[-1]}", flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()
    await holder.close()
    return measured


def main() -> None:
    """Start PostgreSQL, migrate, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the snapshot is held")
    parser.add_argument("--interval", type=float, default=30.0, help="seconds per measurement")
    parser.add_argument("--unbounded", action="store_true", help="read the queue from its beginning")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        server = Postgres(
            Path(directory) / "data", password=secrets.token_hex(16), log=Path(directory) / "log", durable=False
        )
        server.start()
        try:
            url = server.url()
            migrate(ROOT / "services/generator", url_variable="EUTERPE_GENERATOR_DATABASE_URL", url=url)
            measured = asyncio.run(bench(url, arguments))
        finally:
            server.stop()
    report("snapshot", {"first": measured[0], "last": measured[-1]})


if __name__ == "__main__":
    main()
