"""`make bench-api`: songs per second of the product when it shares this machine with its clients.

A song counts when its generation is reported as succeeded: then it is an object in S3, a committed row and, with an
account, a song in the library. Latencies are measured by the client through the gateway.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from http_client import Connection
from product import Product
from report import report

URL = "/api/v1/generations"
WAIT = "Prefer: wait=60\r\n"
LENGTH = 100
QUEUED = (10, 10_000)
#: High limits, so that the long queue is accepted.
SETTINGS = {"EUTERPE_GENERATOR_MAX_QUEUED": "20000", "EUTERPE_GENERATOR_ALWAYS_QUEUED": "20000"}
#: Number of timed songs from the queue.
MEASURED = 600


async def compose(product: Product, token: str | None, *, clients: int, songs: int, count: int = 1) -> float:
    """Return songs per second with `clients` that request `count` songs at a time and wait for them."""
    left = songs
    ended = 0

    async def client() -> None:
        nonlocal left, ended
        connection = Connection("127.0.0.1", product.port, token=token)
        while left > 0:
            left -= count
            answer = await connection.request("POST", URL, {"length": LENGTH, "count": count}, WAIT)
            if answer.status == 503:  # where the queue is kept short, one comes again
                left += count
                await asyncio.sleep(0.02)
                continue
            assert answer.status == 200, answer.body
            pieces = [answer.json(), *answer.json()["variations"]]
            ended += sum(piece["status"] == "succeeded" for piece in pieces)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return ended / (time.perf_counter() - started)


async def one_at_a_time(product: Product, token: str, requests: int) -> list[float]:
    """Return the latencies in milliseconds of single requests to an idle product."""
    connection = Connection("127.0.0.1", product.port, token=token)
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        answer = await connection.request("POST", URL, {"length": LENGTH}, WAIT)
        times.append((time.perf_counter() - started) * 1000)
        assert answer.json()["status"] == "succeeded", answer.body
    connection.close()
    return sorted(times)


async def first_notes(product: Product, token: str, requests: int) -> list[float]:
    """Return the milliseconds from the event `started` to the first `notes`, for long generations."""
    times = []
    for _ in range(requests):
        connection = Connection("127.0.0.1", product.port, token=token)
        generation = (await connection.request("POST", URL, {"length": 1000})).json()
        seen: dict[str, float] = {}
        async for name in connection.events(f"{URL}/{generation['id']}/events"):
            seen.setdefault(name, time.perf_counter())
            if name in ("notes", "done", "failed"):
                break
        connection.close()
        if {"started", "notes"} <= seen.keys():
            times.append((seen["notes"] - seen["started"]) * 1000)
    return sorted(times)


async def cost_by_queue(product: Product, tokens: list[str]) -> dict[int, float]:
    """Seconds per song out of a queue of 600 + 10 and of 600 + 10,000 rows, without new requests meanwhile.

    The deep queue comes last and is not worked off.
    """
    costs = {}
    for depth in QUEUED:
        await fill(product, tokens, depth + MEASURED)
        before, started = await product.ended(), time.perf_counter()
        while (done := await product.ended() - before) < MEASURED * 0.9:
            await asyncio.sleep(0.02)
        costs[depth] = (time.perf_counter() - started) / done
        if depth != QUEUED[-1]:
            await product.drained()
    return costs


async def fill(product: Product, tokens: list[str], songs: int) -> None:
    """Request songs for all users in batches, without waiting for them."""
    connections = [Connection("127.0.0.1", product.port, token=token) for token in tokens]

    async def submit(connection: Connection, left: int) -> None:
        while left > 0:
            count = min(left, 64)
            answer = await connection.request("POST", URL, {"length": LENGTH, "count": count})
            assert answer.status == 202, answer.body
            left -= count
        connection.close()

    await asyncio.gather(*(submit(connection, songs // len(connections)) for connection in connections))


async def measure(product: Product, scale: float) -> dict[str, Any]:
    """Run all measurements and print the table."""
    tokens = [product.register(f"user{number}") for number in range(12)]
    songs = int(1500 * scale)
    await compose(product, tokens[0], clients=16, songs=songs // 4)
    before = product.cpu_seconds()
    rates = [await compose(product, tokens[0], clients=64, songs=songs) for _ in range(3)]
    costs_ms = {name: (after - before[name]) / (3 * songs) * 1000 for name, after in product.cpu_seconds().items()}
    anonymous = await compose(product, None, clients=64, songs=songs)
    batches = await compose(product, tokens[1], clients=8, songs=songs, count=16)
    single = await one_at_a_time(product, tokens[0], int(300 * scale))
    notes = await first_notes(product, tokens[0], int(40 * scale))
    costs = await cost_by_queue(product, tokens)
    figures = {
        "durable_songs_per_s": round(statistics.median(rates), 1),
        "durable_songs_per_s_anonymous": round(anonymous, 1),
        "durable_songs_per_s_count16": round(batches, 1),
        "idle_p50_ms": round(single[len(single) // 2], 1),
        "idle_p99_ms": round(single[int(len(single) * 0.99)], 1),
        "first_notes_ms": round(notes[len(notes) // 2], 1),
        "cost_ratio_10k_queued": round(costs[10_000] / costs[10], 3),
        "cpu_ms_per_song": {name: round(cost, 2) for name, cost in costs_ms.items()},
    }
    rows = {
        "songs/s, 64 clients, count=1, with accounts": figures["durable_songs_per_s"],
        "songs/s, 64 clients, count=1, anonymous": figures["durable_songs_per_s_anonymous"],
        "songs/s, 8 clients, count=16": figures["durable_songs_per_s_count16"],
        "one request on an idle product, p50 ms": figures["idle_p50_ms"],
        "one request on an idle product, p99 ms": figures["idle_p99_ms"],
        "started → first notes, 1,000 events, p50 ms": figures["first_notes_ms"],
        "cost of a song with 10,000 queued : 10 queued": figures["cost_ratio_10k_queued"],
    }
    rows |= {f"processor time of a song, {name}, ms": cost for name, cost in figures["cpu_ms_per_song"].items()}
    for name, value in rows.items():
        print(f"{name:50}{value:>10}")
    return figures


def main() -> None:
    """Start the product, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="less than 1 for a short run")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory), settings=SETTINGS) as product:
        figures = asyncio.run(measure(product, scale))
    report("api", figures)


if __name__ == "__main__":
    main()
