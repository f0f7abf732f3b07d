"""`make bench-overload`: behaviour at twice the sustainable load.

Requests are sent at fixed times, whether or not earlier ones have been answered. The sustainable rate is measured
first, with clients that wait; then 80 % and 200 % of it are sent. At 200 %, the latency of accepted requests should
hardly rise, the others should be refused at once, and memory should stay constant.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from http_client import Connection
from product import Product
from report import report
from stack import resident_mb

from api import compose

URL = "/api/v1/generations"
WAIT = "Prefer: wait=60\r\n"
LENGTH = 100
#: A short queue, so that accepted requests are processed immediately.
SETTINGS = {
    "EUTERPE_GENERATOR_MAX_QUEUE_SECONDS": "0.1",
    "EUTERPE_GENERATOR_ALWAYS_QUEUED": "12",
    "EUTERPE_GENERATOR_SLOTS": "16",
    "EUTERPE_GENERATOR_FINISHERS": "8",
}


@dataclass
class Outcome:
    """The results of one load."""

    statuses: Counter[int] = field(default_factory=Counter)
    accepted_ms: list[float] = field(default_factory=list)

    @property
    def p99_ms(self) -> float:
        """The latency of accepted requests."""
        return sorted(self.accepted_ms)[int(len(self.accepted_ms) * 0.99)]

    @property
    def refused_share(self) -> float:
        """The rate of all requests."""
        return 1 - len(self.accepted_ms) / self.statuses.total()


async def load(product: Product, tokens: list[str], rate: float, seconds: float) -> Outcome:
    """Send `rate` requests per second, distributed over users."""
    outcome = Outcome()
    idle: dict[str, list[Connection]] = {token: [] for token in tokens}
    tasks = set()

    async def submit(token: str) -> None:
        connection = idle[token].pop() if idle[token] else Connection("127.0.0.1", product.port, token=token)
        started = time.perf_counter()
        answer = await connection.request("POST", URL, {"length": LENGTH}, WAIT)
        outcome.statuses[answer.status] += 1
        if answer.status == 200:
            outcome.accepted_ms.append((time.perf_counter() - started) * 1000)
        idle[token].append(connection)

    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(began + number / rate - time.perf_counter(), 0))
        task = asyncio.create_task(submit(tokens[number % len(tokens)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for connection in chain.from_iterable(idle.values()):
        connection.close()
    return outcome


async def measure(product: Product, seconds: float) -> dict[str, float]:
    """Run all measurements and print the table."""
    tokens = [product.register(f"user{number}") for number in range(20)]
    await compose(product, tokens[0], clients=16, songs=200)
    sustainable = await compose(product, tokens[0], clients=20, songs=1500)
    easy = await load(product, tokens, 0.8 * sustainable, seconds)
    before = resident_mb(product.pid)["generator"]
    over = await load(product, tokens, 2 * sustainable, seconds)
    after = resident_mb(product.pid)["generator"]
    print(f"sustainable: {sustainable:.0f} songs/s\n{'load':8}{'accepted':>10}{'refused':>10}{'p99 ms':>10}  statuses")
    for name, outcome in (("80 %", easy), ("200 %", over)):
        accepted = len(outcome.accepted_ms)
        print(
            f"{name:8}{accepted:>10}{outcome.statuses.total() - accepted:>10}{outcome.p99_ms:>10.0f}"
            f"  {dict(outcome.statuses)}"
        )
    print(f"memory of the generator: {before:.0f} → {after:.0f} MB")
    return {
        "sustainable_songs_per_s": round(sustainable, 1),
        "overload_p99_ratio": round(over.p99_ms / easy.p99_ms, 3),
        "overload_refused_share": round(over.refused_share, 3),
        "overload_songs_per_s": round(len(over.accepted_ms) / seconds, 1),
        "overload_memory_ratio": round(after / before, 3),
    }


def main() -> None:
    """Start the product, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory), settings=SETTINGS) as product:
        figures = asyncio.run(measure(product, seconds))
    report("overload", figures)


if __name__ == "__main__":
    main()
