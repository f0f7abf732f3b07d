"""`make soak`: one hour of mixed load, with the memory of every process, drawn and compared with its tenth minute.

Users compose with every model, follow progress, read and play songs, draw piano rolls, search public songs, comment,
log in and out, and create guests. The median memory of every process in the last two minutes must be within 10 % (or
8 MB) of the median in the two minutes around the tenth; a shorter test compares with a sixth of its duration.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from http_client import Answer, Connection
from installation import Installation
from memory_chart import memory_chart
from product import REPOSITORY, Product

SAMPLE_SECONDS = 5.0
#: Length of the windows that are compared, as a share of the duration: two minutes of an hour, the longest interval
#: between two garbage collections of a Go process.
WINDOW_SHARE = 1 / 30
#: The tenth minute of an hour.
BASELINE_SHARE = 1 / 6
MAX_GROWTH = 0.10
#: Less is noise of the allocator.
MIN_GROWTH_BYTES = 8_000_000
#: Access tokens last for ten minutes.
LOGIN_SECONDS = 480.0

Samples = dict[str, list[tuple[float, int]]]


class User:
    """A registered user with one connection, who logs in again before the token expires."""

    def __init__(self, product: Product, name: str) -> None:
        self._product, self.name = product, name
        #: Requested generations; each is composed with the next model.
        self.requested = 0
        self._connection = Connection("127.0.0.1", product.port)
        self._expires_at = 0.0

    async def ask(self, method: str, path: str, body: Any = None) -> Answer | None:
        """Send a request; None if the connection was interrupted."""
        try:
            if time.monotonic() > self._expires_at:
                self._connection.close()
                token = await asyncio.to_thread(self._product.log_in, self.name)
                self._connection = Connection("127.0.0.1", self._product.port, token=token)
                self._expires_at = time.monotonic() + LOGIN_SECONDS
            return await self._connection.request(method, path, body)
        except HTTPError as error:
            return Answer(error.code, {}, b"")
        except (OSError, EOFError):
            self._connection.close()
            return None


class Load:
    """Mixed requests until `stopped`; counts the answers by status."""

    def __init__(self, product: Product, *, pause_seconds: float) -> None:
        self._product = product
        self._pause_seconds = pause_seconds
        self.stopped = False
        self.answers: dict[str, int] = defaultdict(int)

    async def run(self, number: int) -> None:
        """Act as one user."""
        name = f"user-{number}"
        await asyncio.to_thread(self._product.register, name)
        user = User(self._product, name)
        turns: tuple[Callable[[User], Coroutine[Any, Any, None]], ...] = (
            self._compose,
            self._read,
            self._play,
            self._write,
            self._log_in_and_out,
        )
        turn = number
        while not self.stopped:
            await turns[turn % len(turns)](user)
            turn += 1
            await asyncio.sleep(self._pause_seconds)

    async def _ask(self, user: User, method: str, path: str, body: Any = None) -> Answer | None:
        answer = await user.ask(method, path, body)
        self.answers["interrupted" if answer is None else str(answer.status)] += 1
        return answer if answer is not None and answer.status < 300 else None

    async def _compose(self, user: User) -> None:
        models = await self._ask(user, "GET", "/api/v1/models")
        if models is None:
            return
        items = models.json()["items"]
        body = {"model": items[user.requested % len(items)]["name"]}
        user.requested += 1
        answer = await self._ask(user, "POST", "/api/v1/generations", body)
        while answer is not None and not answer.json()["finished_at"] and not self.stopped:
            await asyncio.sleep(0.5)
            answer = await self._ask(user, "GET", f"/api/v1/generations/{answer.json()['id']}")

    async def _read(self, user: User) -> None:
        for path in ("/api/v1/models", "/api/v1/songs?limit=20", "/api/v1/library/explore?q=a", "/api/v1/auth/me"):
            await self._ask(user, "GET", path)

    async def _play(self, user: User) -> None:
        answer = await self._ask(user, "GET", "/api/v1/songs?limit=1")
        for song in answer.json()["items"] if answer else ():
            for path in (f"/api/v1/audio/{song['id']}.mp3", f"/api/v1/pianorolls/{song['id']}.png"):
                await self._ask(user, "GET", path)

    async def _write(self, user: User) -> None:
        answer = await self._ask(user, "GET", "/api/v1/songs?limit=1")
        for song in answer.json()["items"] if answer else ():
            await self._ask(user, "POST", f"/api/v1/songs/{song['id']}/comments", {"text": "Hello"})
            await self._ask(user, "PUT", f"/api/v1/songs/{song['id']}/like")
            await self._ask(user, "DELETE", f"/api/v1/songs/{song['id']}/like")

    async def _log_in_and_out(self, user: User) -> None:
        try:
            await asyncio.to_thread(self._product.log_in_and_out, user.name)
        except HTTPError as error:
            self.answers[str(error.code)] += 1
        except OSError:
            self.answers["interrupted"] += 1
        await self._ask(user, "GET", "/api/v1/auth/sessions")
        await self._ask(user, "POST", "/api/v1/auth/guest")


async def sample(installation: Installation, until: float, samples: Samples) -> list[float]:
    """Record the memory of every process until the time is over; return the machine's load averages of a minute."""
    started, loads = time.monotonic(), []
    while time.monotonic() < until:
        memory = await asyncio.to_thread(installation.memory_bytes)
        for name, size in memory.items():
            samples[name].append((time.monotonic() - started, size))
        loads.append(round(os.getloadavg()[0], 1))
        await asyncio.sleep(SAMPLE_SECONDS)
    return loads


def compare(samples: Samples, *, baseline_at: float, end_at: float, window: float) -> dict[str, dict[str, Any]]:
    """Return for each process the median memory around the baseline and at the end, in MB, and the growth.

    All times are seconds since the start of the load; `window` is the length of the intervals that are compared.
    """
    compared = {}
    for name, series in samples.items():
        baseline = [size for at, size in series if abs(at - baseline_at) <= window / 2]
        end = [size for at, size in series if at >= end_at - window]
        before, after = statistics.median(baseline), statistics.median(end)
        compared[name] = {
            "baseline_mb": round(before / 1e6, 1),
            "end_mb": round(after / 1e6, 1),
            "growth": round(after / before - 1, 3),
            "exceeded": after - before > max(before * MAX_GROWTH, MIN_GROWTH_BYTES),
        }
    return compared


def by_minute(samples: Samples) -> dict[str, list[float]]:
    """Return the median memory of each process in each minute, in MB."""
    minutes: dict[str, dict[int, list[int]]] = {name: defaultdict(list) for name in samples}
    for name, series in samples.items():
        for at, size in series:
            minutes[name][int(at // 60)].append(size)
    return {
        name: [round(statistics.median(found) / 1e6, 1) for _, found in sorted(by.items())]
        for name, by in minutes.items()
    }


def print_table(title: str, compared: dict[str, dict[str, Any]]) -> None:
    """Print one line per process."""
    print(title)
    for name, figures in compared.items():
        mark = "  exceeded" if figures["exceeded"] else ""
        print(f"{name:12}{figures['baseline_mb']:>9} MB {figures['end_mb']:>9} MB {figures['growth']:>+8.1%}{mark}")


async def measure(
    product: Product, installation: Installation, seconds: float, *, users: int, pause_seconds: float
) -> tuple[Samples, Load, list[float]]:
    """Run the load; return the memory of every process, the load's answers, and the machine's load averages."""
    load, samples = Load(product, pause_seconds=pause_seconds), defaultdict(list)
    tasks = [asyncio.create_task(load.run(number)) for number in range(users)]
    loads = await sample(installation, time.monotonic() + seconds, samples)
    load.stopped = True
    await asyncio.gather(*tasks)
    return samples, load, loads


def main() -> None:
    """Start the product, run the load, draw; return 1 if the memory of a process has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="duration of the test")
    parser.add_argument("--users", type=int, default=6, help="number of concurrent users")
    parser.add_argument("--pause", type=float, default=0.5, help="pause between two activities of a user, in seconds")
    parser.add_argument("--out", type=Path, default=REPOSITORY / ".data/soak.svg", help="the drawing")
    chosen = parser.parse_args()
    started, duration = datetime.now(UTC), chosen.seconds
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory)) as product:
        installation = Installation(product, Path(directory) / "var")
        samples, load, loads = asyncio.run(
            measure(product, installation, duration, users=chosen.users, pause_seconds=chosen.pause)
        )
    window = max(duration * WINDOW_SHARE, 4 * SAMPLE_SECONDS)
    baseline = duration * BASELINE_SHARE
    compared = compare(samples, baseline_at=baseline, end_at=duration, window=window)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(memory_chart(samples, duration, baseline=baseline))
    print_table(f"compared with {baseline / 60:.1f} min after the start of the load", compared)
    result = {"seconds": duration, "users": chosen.users, "pause_seconds": chosen.pause}
    result |= {"started": f"{started:%Y-%m-%dT%H:%M:%SZ}", "machine_load": [min(loads), max(loads)]}
    result |= {"answers": dict(load.answers), "memory": compared, "mb_by_minute": by_minute(samples)}
    chosen.out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"drawn in {chosen.out}, figures in {chosen.out.with_suffix('.json')}")
    is_answered = sum(count for status, count in load.answers.items() if status.startswith("2")) > 0
    # A machine with other work may refuse requests for a moment; everything else is a fault.
    is_failed = any(status != "503" and status.startswith(("5", "interrupted")) for status in load.answers)
    sys.exit(1 if is_failed or not is_answered or any(one["exceeded"] for one in compared.values()) else 0)


if __name__ == "__main__":
    main()
