"""`make bench-stack`: start-up time, latency and memory of the product on this machine.

It starts the product like `make run` on a free port with an empty directory, composes, starts it again, and prints a
table and a last line of JSON. With `--setup` it first creates the environment in a new clone, which needs a package
index.
"""

import argparse
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from product import REPOSITORY, Product, part_of
from report import report

SERVICES = ("auth", "library", "generator", "converter")
LENGTH = 100
WARM_UP = 30


def logged_in(url: str) -> httpx.Client:
    """Return a client of a new user."""
    user = {"username": f"bench-{secrets.token_hex(4)}", "password": secrets.token_hex(8)}
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
        client.post("/auth/users", json=user).raise_for_status()
        answer = client.post("/auth/token", data={"grant_type": "password", **user}).raise_for_status()
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=f"{url}/api/v1", timeout=60, headers=headers)


def compose(client: httpx.Client) -> dict[str, Any]:
    """Compose one song and wait for it."""
    answer = client.post("/generations", json={"length": LENGTH}, headers={"Prefer": "wait=30"}).raise_for_status()
    generation: dict[str, Any] = answer.json()
    if generation["status"] != "succeeded":
        raise SystemExit(f"a piece was not composed: {generation}")
    return generation


def latencies_ms(client: httpx.Client, requests: int) -> list[float]:
    """Return the durations of `count` consecutive generations."""
    for _ in range(WARM_UP):
        compose(client)
    taken = []
    for _ in range(requests):
        started = time.perf_counter()
        compose(client)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def resident_mb(supervisor: int) -> dict[str, float]:
    """Return the resident memory in MB of each child of the supervisor, including its descendants.

    Pages that processes share (a SoundFont, PostgreSQL's buffers) are counted once, as the kernel's proportional set
    size does; plain resident sizes would count them in every process.
    """
    table = subprocess.run(["ps", "-axo", "pid=,ppid=,rss=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 3) for line in table.splitlines()]
    children: dict[int, list[int]] = {}
    for pid, parent, _, _ in rows:
        children.setdefault(int(parent), []).append(int(pid))
    size = {int(pid): _proportional_mb(int(pid), int(rss) / 1024) for pid, _, rss, _ in rows}
    command = {int(pid): words for pid, _, _, words in rows}

    def whole(pid: int) -> float:
        return size[pid] + sum(whole(child) for child in children.get(pid, []))

    return {part_of(command[child]): round(whole(child), 1) for child in children.get(supervisor, [])}


def _proportional_mb(pid: int, resident: float) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return resident
    return next((int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:")), resident)


def highest_while_rendering(client: httpx.Client, supervisor: int) -> float:
    """Return the converter's peak resident memory in MB, including child processes, during a render."""
    song = compose(client)["song_id"]
    highest, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, resident_mb(supervisor).get("converter", 0.0))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        client.get(f"/audio/{song}.mp3").raise_for_status()
    finally:
        done.set()
        watcher.join()
    return highest


def setup_seconds(directory: Path) -> float:
    """Return the seconds from a new clone to the running product, including its environment."""
    clone = directory / "clone"
    started = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
    subprocess.run(["make", "--silent", "-C", str(clone), ".venv/.run"], check=True, stdout=sys.stderr)
    with Product(directory / "setup", clone, clone / ".venv/bin/python"):
        return time.perf_counter() - started


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300, help="number of generations for the latencies")
    parser.add_argument("--setup", action="store_true", help="also measure the set-up of a new clone")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="euterpe-bench-") as name:
        directory = Path(name)
        if options.setup:
            results["setup_s"] = round(setup_seconds(directory), 1)
        product = Product(directory)
        with product:
            results["ready_cold_s"] = round(product.ready_seconds, 2)
            with logged_in(product.url) as client:
                taken = latencies_ms(client, options.requests)
                rendering = highest_while_rendering(client, product.pid)
            memory = resident_mb(product.pid)
        warm = []
        for _ in range(3):
            with product:
                warm.append(product.ready_seconds)
    results["ready_warm_s"] = round(statistics.median(warm), 2)
    percentiles = statistics.quantiles(taken, n=100, method="inclusive")
    results["generate_p50_ms"] = round(percentiles[49], 1)
    results["generate_p99_ms"] = round(percentiles[98], 1)
    results["requests"] = len(taken)
    results["rss_mb"] = {name: memory[name] for name in SERVICES}
    results["rss_mb_converter_rendering"] = round(rendering, 1)
    results["rss_mb_infrastructure"] = {name: size for name, size in memory.items() if name not in SERVICES}
    _print(results)


def _print(results: dict[str, Any]) -> None:
    for key, value in results.items():
        for name, number in value.items() if isinstance(value, dict) else [("", value)]:
            print(f"{key:<28}{name:<14}{number:>10}")
    report("stack", results)


if __name__ == "__main__":
    main()
