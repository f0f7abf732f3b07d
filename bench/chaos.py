"""`make chaos`: kill one of three workers with SIGKILL every three seconds under load, then count the songs.

Every acknowledged generation must result in exactly one song. The first worker belongs to the product, whose supervisor
restarts it; the other two are started and restarted here.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from euterpe_stack.ports import free_ports
from http_client import Connection
from product import Product

URL = "/api/v1/generations"
PAUSE_SECONDS = 3.0
CLIENTS = 8
LEASE_SECONDS = 10.0


class ExtraWorker:
    """A second generator with the product's database, bucket and library."""

    def __init__(self, product: Product, number: int) -> None:
        http, rpc = free_ports(2)
        own = {
            "EUTERPE_GENERATOR_PORT": str(http),
            "EUTERPE_GENERATOR_GRPC_PORT": str(rpc),
            "EUTERPE_GENERATOR_WORKER_ID": f"extra-{number}",
        }
        self._environment = product.environment_of("generator") | own
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it if it is not running."""
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "euterpe_generator"]
            quiet = subprocess.DEVNULL
            self._process = subprocess.Popen(command, env=self._environment, stdout=quiet, stderr=quiet)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()


async def request_generations(product: Product, token: str, until: float) -> list[str]:
    """Request generations until the time is over; return the acknowledged ids."""
    acknowledged = []
    connection = Connection("127.0.0.1", product.port, token=token)
    while time.monotonic() < until:
        try:
            answer = await connection.request("POST", URL, {"length": 200})
        except (OSError, EOFError):
            connection.close()
            await asyncio.sleep(0.1)
            continue
        if answer.status == 202:
            acknowledged.append(answer.json()["id"])
        await asyncio.sleep(0.05)
    connection.close()
    return acknowledged


async def kill_at_random(product: Product, extras: list[ExtraWorker], until: float) -> int:
    """Kill one of the three workers every few seconds; return how many were killed."""
    kills = 0
    while time.monotonic() < until:
        await asyncio.sleep(PAUSE_SECONDS)
        victim = random.randrange(3)
        if victim == 0:
            # The supervisor has not restarted it yet.
            with suppress(RuntimeError, ProcessLookupError):
                os.kill(product.pid_of("generator"), signal.SIGKILL)
                kills += 1
        else:
            extras[victim - 1].kill()
            kills += 1
        for extra in extras:
            extra.start()
    return kills


async def ends(product: Product, token: str, ids: list[str]) -> list[dict[str, Any]]:
    """Return all generations in their final state."""
    connection = Connection("127.0.0.1", product.port, token=token)
    pieces = []
    for generation_id in ids:
        while True:
            answer = await connection.request("GET", f"{URL}/{generation_id}")
            if answer.status == 200 and answer.json()["finished_at"]:
                break
            connection.close()
            await asyncio.sleep(0.2)
        pieces.append(answer.json())
    connection.close()
    return pieces


async def songs(product: Product, token: str) -> list[dict[str, Any]]:
    """Return all songs in the user's library."""
    connection = Connection("127.0.0.1", product.port, token=token)
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await connection.request("GET", f"/api/v1/songs?limit=100{cursor}")).json()
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def measure(product: Product, seconds: float) -> dict[str, float]:
    """Run load and kills, then count."""
    token = product.register("user")
    extras = [ExtraWorker(product, number) for number in range(2)]
    for extra in extras:
        extra.start()
    until = time.monotonic() + seconds
    kills, *batches = await asyncio.gather(
        kill_at_random(product, extras, until), *(request_generations(product, token, until) for _ in range(CLIENTS))
    )
    stopped = time.monotonic()
    acknowledged = [one for batch in batches for one in batch]
    pieces = await ends(product, token, acknowledged)
    settled = time.monotonic() - stopped
    copies = Counter((song["seed"], song["midi_sha256"]) for song in await songs(product, token))
    for extra in extras:
        extra.kill(signal.SIGTERM)
    lost = sum(piece["status"] != "succeeded" or not piece["song_id"] for piece in pieces)
    doubled = sum(count - 1 for count in copies.values())
    figures = {
        "kills": kills,
        "acknowledged": len(acknowledged),
        "songs": sum(copies.values()),
        "lost": lost,
        "doubled": doubled,
        "settled_s": round(settled, 1),
        "lease_s": LEASE_SECONDS,
    }
    for name, value in figures.items():
        print(f"{name:16}{value:>10}")
    return figures


def main() -> None:
    """Start the product, kill workers, stop it; return 1 if a song is missing or duplicated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="duration of the test")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory)) as product:
        figures = asyncio.run(measure(product, seconds))
    print(json.dumps(figures))
    # Songs without an acknowledgement: the worker was killed between the commit and the response.
    sound = figures["lost"] == figures["doubled"] == 0 and figures["songs"] >= figures["acknowledged"]
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
