"""`make chaos`: kill random processes with SIGKILL under load for ten minutes, then count the songs and the objects.

Victims are two extra workers and every process of the product: generator, library, auth, converter, gateway, PostgreSQL
and S3. The supervisor restarts those of the product; the workers are started and restarted here. Every acknowledged
generation must result in exactly one song, and every MIDI file in the bucket must belong to a song or a generation.
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
from installation import Installation
from product import Product

URL = "/api/v1/generations"
#: Mean time between kills; with nine victims, each is killed about every 70 seconds.
PAUSE_SECONDS = 8.0
CLIENTS = 4
LEASE_SECONDS = 10.0
#: Time in which all acknowledged generations must end after the last kill.
SETTLE_SECONDS = 300.0
PARTS = ("generator", "library", "auth", "converter", "gateway", "postgres", "seaweedfs")


class ExtraWorker:
    """A second generator with the product's database, bucket and library."""

    def __init__(self, environment: dict[str, str], number: int) -> None:
        http, rpc = free_ports(2)
        own = {
            "EUTERPE_GENERATOR_PORT": str(http),
            "EUTERPE_GENERATOR_GRPC_PORT": str(rpc),
            "EUTERPE_GENERATOR_WORKER_ID": f"extra-{number}",
        }
        self._environment = environment | own
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
        answer = await _ask(connection, "POST", URL, {"length": 200})
        if answer is not None and answer.status == 202:
            acknowledged.append(answer.json()["id"])
        await asyncio.sleep(0.2)
    connection.close()
    return acknowledged


async def play_songs(product: Product, token: str, until: float) -> int:
    """Play the newest songs until the time is over; return how many were played."""
    played = 0
    connection = Connection("127.0.0.1", product.port, token=token)
    while time.monotonic() < until:
        answer = await _ask(connection, "GET", "/api/v1/songs?limit=1")
        for song in answer.json()["items"] if answer is not None and answer.status == 200 else ():
            audio = await _ask(connection, "GET", f"/api/v1/audio/{song['id']}.mp3")
            played += audio is not None and audio.status == 200
        await asyncio.sleep(1.0)
    connection.close()
    return played


async def _ask(connection: Connection, method: str, path: str, body: Any = None) -> Any:
    """Return the answer, or None if the connection was interrupted."""
    try:
        async with asyncio.timeout(30):
            return await connection.request(method, path, body)
    except (OSError, EOFError, ValueError, TimeoutError):
        connection.close()
        await asyncio.sleep(0.1)
        return None


async def kill_at_random(
    installation: Installation, extras: list[ExtraWorker], until: float, choose: random.Random
) -> Counter[str]:
    """Kill one process every few seconds; return how often each was killed."""
    kills: Counter[str] = Counter()
    while time.monotonic() < until:
        await asyncio.sleep(choose.uniform(0.5, 1.5) * PAUSE_SECONDS)
        victim = choose.choice((*PARTS, "extra-0", "extra-1"))
        if victim.startswith("extra"):
            extras[int(victim[-1])].kill()
            kills[victim] += 1
        # Otherwise the supervisor has not restarted it yet.
        elif (pid := installation.pids().get(victim)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                kills[victim] += 1
        for extra in extras:
            extra.start()
    return kills


async def ends(product: Product, token: str, ids: list[str]) -> list[dict[str, Any]]:
    """Return all generations in their final state, or in their last state when SETTLE_SECONDS are over."""
    connection = Connection("127.0.0.1", product.port, token=token)
    deadline = time.monotonic() + SETTLE_SECONDS
    pieces = []
    for generation_id in ids:
        piece: dict[str, Any] = {"id": generation_id, "status": "unknown", "song_id": None, "finished_at": None}
        while not piece["finished_at"]:
            answer = await _ask(connection, "GET", f"{URL}/{generation_id}")
            if answer is not None and answer.status == 200:
                piece = answer.json()
            if time.monotonic() > deadline:
                break
            if not piece["finished_at"]:
                await asyncio.sleep(0.2)
        pieces.append(piece)
    connection.close()
    return pieces


async def measure(product: Product, installation: Installation, seconds: float, seed: int) -> dict[str, Any]:
    """Run load and kills, then count."""
    token = product.register("user")
    environment = product.environment_of("generator")
    extras = [ExtraWorker(environment, number) for number in range(2)]
    for extra in extras:
        extra.start()
    until = time.monotonic() + seconds
    clients = (request_generations(product, token, until) for _ in range(CLIENTS))
    kills, played, *batches = await asyncio.gather(
        kill_at_random(installation, extras, until, random.Random(seed)), play_songs(product, token, until), *clients
    )
    stopped = time.monotonic()
    acknowledged = [one for batch in batches for one in batch]
    pieces = await ends(product, token, acknowledged)
    settled = time.monotonic() - stopped
    for extra in extras:
        extra.kill(signal.SIGTERM)
    songs = await installation.songs()
    lost = [piece for piece in pieces if piece["status"] != "succeeded" or not piece["song_id"]]
    for piece in lost[:10]:
        print(f"lost: {piece['id']} {piece['status']} {piece.get('failure')}", file=sys.stderr)
    copies = Counter(songs)
    figures: dict[str, Any] = {
        "seconds": seconds,
        "seed": seed,
        "kills": sum(kills.values()),
        "acknowledged": len(acknowledged),
        "played": played,
        "songs": len(songs),
        "lost": len(lost),
        "doubled": sum(count - 1 for count in copies.values()),
        "orphans": len(await installation.orphans()),
        "settled_s": round(settled, 1),
        "lease_s": LEASE_SECONDS,
    }
    for name, value in figures.items():
        print(f"{name:16}{value:>10}")
    return figures | {"kills_of": dict(kills)}


def main() -> None:
    """Start the product, kill processes, stop it; return 1 if a song is missing or double, or an object orphaned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="duration of the test")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="seed of the choice of victims")
    chosen = parser.parse_args()
    # One token lasts for the whole test, and for the settling after it.
    settings = {"EUTERPE_AUTH_ACCESS_TOKEN_SECONDS": "900"}
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory), settings=settings) as product:
        installation = Installation(product, Path(directory) / "var")
        figures = asyncio.run(measure(product, installation, chosen.seconds, chosen.seed))
    print(json.dumps(figures))
    # Songs without an acknowledgement: a process was killed between the commit and the response.
    is_sound = figures["lost"] == figures["doubled"] == figures["orphans"] == 0
    sys.exit(0 if is_sound and figures["songs"] >= figures["acknowledged"] > 0 else 1)


if __name__ == "__main__":
    main()
