"""`make bench-library`: searches in a million songs, and the latency of users' own lists.

It measures the service's process with PostgreSQL, over HTTP and with tokens. Times are measured by the client.
"""

import argparse
import asyncio
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import asyncpg
from euterpe_stack.ports import free_port
from euterpe_stack.postgres import Postgres
from euterpe_test_kit.databases import migrate
from euterpe_test_kit.issuer import TokenIssuer
from http_client import Connection
from library_queries import Queries
from library_songs import OWNERS, Vocabulary, load
from report import report

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "EUTERPE_LIBRARY_DATABASE_URL"
CLIENTS = 16


async def main(songs: int, searches: int, slowest: int, data: Path) -> dict[str, float]:
    """Load songs, start the service and measure. Songs of an earlier run in `data` are reused."""
    rng = random.Random(7)
    vocabulary = Vocabulary(rng)
    issuer = TokenIssuer()
    server, loaded = _database(data)
    server.start()
    try:
        if not loaded.exists():
            migrate(ROOT / "services/library", url_variable=VARIABLE, url=server.url())
            await _load(server, songs, vocabulary, random.Random(8))
            loaded.touch()
        port, process = _serve(server.url(), issuer, data / "library.log")
        try:
            await _ready(port)
            return await _measure(port, issuer, Queries(vocabulary, rng), searches, slowest)
        finally:
            process.terminate()
            process.wait()
    finally:
        server.stop()
        issuer.close()


def _database(data: Path) -> tuple[Postgres, Path]:
    password = data / "password"
    if not password.exists():
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
    # A typical value for this number of songs: half of them fit.
    options = {"log": data / "postgres.log", "durable": False, "shared_buffers": "1GB"}
    server = Postgres(data / "data", password=password.read_text(), **options)
    return server, data / "loaded"


async def _load(server: Postgres, songs: int, vocabulary: Vocabulary, rng: random.Random) -> None:
    started = time.perf_counter()
    connection = await asyncpg.connect(server.url().replace("+asyncpg", ""))
    await load(connection, songs, vocabulary, rng)
    size = await connection.fetchval("SELECT pg_size_pretty(pg_total_relation_size('library.songs'))")
    await connection.close()
    print(f"{songs:,} songs loaded in {time.perf_counter() - started:.0f} s, {size} with indexes")


def _serve(url: str, issuer: TokenIssuer, log: Path) -> tuple[int, subprocess.Popen[bytes]]:
    port = free_port()
    settings = {
        "DATABASE_URL": url, "JWKS_URL": issuer.jwks_url, "PORT": str(port), "GRPC_PORT": "0",
        "S3__BUCKET": "none", "S3__ACCESS_KEY_ID": "none", "S3__SECRET_ACCESS_KEY": "none",
        "S3__ENDPOINT_URL": "http://127.0.0.1:9",
        "TOKEN_REQUESTS_PER_MINUTE": "0", "ADDRESS_REQUESTS_PER_MINUTE": "0",
    }  # fmt: skip
    environment = os.environ | {f"EUTERPE_LIBRARY_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "euterpe_library"]
    return port, subprocess.Popen(command, env=environment, stdout=log.open("wb"), stderr=subprocess.STDOUT)


async def _ready(port: int) -> None:
    for _ in range(300):
        try:
            if (await Connection("127.0.0.1", port).request("GET", "/healthz")).status == 200:
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the library did not start")


async def _timed(connection: Connection, path: str) -> float:
    started = time.perf_counter()
    try:
        answer = await connection.request("GET", path)
    except asyncio.IncompleteReadError:
        # The server closed the idle connection.
        connection.close()
        started = time.perf_counter()
        answer = await connection.request("GET", path)
    elapsed = (time.perf_counter() - started) * 1000
    if answer.status != 200:
        raise SystemExit(f"{answer.status} for {path}: {answer.body[:300]!r}")
    return elapsed


async def _measure(port: int, issuer: TokenIssuer, queries: Queries, searches: int, slowest: int) -> dict[str, float]:
    heavy = Connection("127.0.0.1", port, token=_token(issuer, "heavy"))
    connections = {"anonymous": Connection("127.0.0.1", port), "heavy": heavy}
    drawn = list(queries.draw(searches))
    random.Random(1).shuffle(drawn)
    times: dict[str, list[float]] = defaultdict(list)
    every: list[tuple[float, str]] = []
    for kind, path, who in drawn:
        elapsed = await _timed(connections[who], path)
        times[kind.partition(",")[0]].append(elapsed)
        every.append((elapsed, path))
    for kind, values in sorted(times.items(), key=lambda item: -max(item[1])):
        print(f"{kind:34}{statistics.median(values):>9.1f}{max(values):>9.1f} ms (median, worst of {len(values)})")
    for elapsed, path in sorted(every, reverse=True)[:slowest]:
        print(f"{elapsed:9.1f} ms  {path}")
    quantiles = statistics.quantiles([elapsed for elapsed, _ in every], n=100)
    print(f"{len(every)} searches: p50 {quantiles[49]:.1f}, p95 {quantiles[94]:.1f}, p99 {quantiles[98]:.1f} ms")
    alone = await _lists(port, issuer, clients=1, requests=300)
    together = await _lists(port, issuer, clients=CLIENTS, requests=3000)
    print(f"list, 1 client: p50 {statistics.median(alone):.1f} ms")
    at_once = statistics.quantiles(together, n=100)
    print(f"list, {CLIENTS} clients: p50 {at_once[49]:.1f}, p99 {at_once[98]:.1f} ms")
    return {
        "search_p95_ms_1m": round(quantiles[94], 2),
        "list_p50_ms": round(statistics.median(alone), 2),
        "list_p99_ms": round(at_once[98], 2),
    }


def _token(issuer: TokenIssuer, user: str) -> str:
    # On a busy machine, the measurement takes longer than the usual lifetime of tokens.
    return issuer.access_token(user, exp=int(time.time()) + 7200)


async def _lists(port: int, issuer: TokenIssuer, *, clients: int, requests: int) -> list[float]:
    """Return the times of users who list their own songs repeatedly and concurrently."""

    async def user(number: int) -> list[float]:
        token = _token(issuer, f"owner-{number * 97 % OWNERS}")
        connection = Connection("127.0.0.1", port, token=token)
        await _timed(connection, "/api/v1/songs")
        return [await _timed(connection, "/api/v1/songs") for _ in range(requests // clients)]

    return [elapsed for times in await asyncio.gather(*map(user, range(clients))) for elapsed in times]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=1_000_000)
    parser.add_argument("--searches", type=int, default=1200)
    parser.add_argument("--slowest", type=int, default=10, help="number of slowest searches to print")
    parser.add_argument("--data", type=Path, help="directory of the songs, which later runs reuse")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="euterpe-bench-") as directory:
        data = arguments.data or Path(directory)
        data.mkdir(parents=True, exist_ok=True)
        report("library", asyncio.run(main(arguments.songs, arguments.searches, arguments.slowest, data)))
