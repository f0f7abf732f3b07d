"""`make bench-audio`: rendering by the running converter, compared with FluidSynth's command line and pydub.

The baseline renders to a temporary WAV file, which pydub encodes. Both alternate, so that other load affects both.
Results are medians; the ratios are comparable between machines. The converter is measured over HTTP, with S3.
"""

import argparse
import asyncio
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
from euterpe_converter.rendering.segment import plain_conversion
from euterpe_converter.rendering.soundfont import DEBIAN_SOUNDFONTS
from euterpe_music.midi import Piece, Track, write_midi
from euterpe_music.midi.read import read_midi
from euterpe_music.piece import make_notes
from euterpe_stack.object_store import S3Credentials, SeaweedFs
from euterpe_test_kit.issuer import TokenIssuer
from report import report

SECONDS = 122
CORPUS = Path(__file__).parents[1] / ".data" / "crnngan-corpus"
SOUNDFONT = next(path for path in DEBIAN_SOUNDFONTS if path.exists())


def song(seconds: int, seed: int) -> bytes:
    """Return piano music for two hands with the corpus's density of eight notes per second."""
    random = np.random.default_rng(seed)
    count = seconds * 8
    onsets = np.sort(random.integers(0, (seconds - 1) * 960, count))
    durations = random.integers(120, 960, count)
    notes = make_notes(onsets, durations, random.integers(36, 90, count), random.integers(40, 100, count))
    notes["onset"][-1], notes["duration"][-1] = (seconds - 1) * 960, 960
    return write_midi(Piece(480, notes, (Track(0),)))


def mixed(count: int) -> list[tuple[bytes, float]]:
    """Return songs of the corpus from 20 s to 5 min with their lengths, or generated ones without a corpus."""
    found: list[tuple[bytes, float]] = []
    paths = sorted(CORPUS.rglob("*.mid"))
    for index in np.random.default_rng(5).permutation(len(paths)):
        if len(found) == count:
            break
        try:
            seconds = read_midi(paths[index]).duration_seconds
        except ValueError:
            continue
        if 20 <= seconds <= 300:
            found.append((paths[index].read_bytes(), seconds))
    made = ((60 + 10 * number, 100 + number) for number in range(count - len(found)))
    return found + [(song(seconds, seed), float(seconds)) for seconds, seed in made]


@contextmanager
def converter(directory: Path) -> Iterator[tuple[str, int]]:
    """Run a converter; yield its address and process id."""
    credentials = S3Credentials(secrets.token_hex(8), secrets.token_hex(16))
    store = SeaweedFs(directory / "s3", credentials=credentials, log=directory / "s3.log")
    issuer = TokenIssuer()
    store.start()
    store.wait_ready("bench")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    peer = {"token_url": issuer.peer.token_url, "client_id": "bench", "client_secret": "unused"}
    given = {
        "PORT": str(port),
        "S3__ENDPOINT_URL": store.endpoint_url,
        "S3__BUCKET": "bench",
        "S3__ACCESS_KEY_ID": credentials.access_key_id,
        "S3__SECRET_ACCESS_KEY": credentials.secret_access_key,
        "JWKS_URL": issuer.jwks_url,
        "PEER": json.dumps(peer),
        "LIBRARY_TARGET": "127.0.0.1:9",
        "LOG_LEVEL": "WARNING",
        "TOKEN_REQUESTS_PER_MINUTE": "0",
        "ADDRESS_REQUESTS_PER_MINUTE": "0",
    }
    environment = os.environ | {f"EUTERPE_CONVERTER_{name}": value for name, value in given.items()}
    process = subprocess.Popen([sys.executable, "-m", "euterpe_converter"], env=environment)
    try:
        _wait_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()
        store.stop()
        issuer.close()


def _wait_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the converter did not start")


async def convert(client: httpx.AsyncClient, midi: bytes, kind: str) -> tuple[float, float, int]:
    """Return milliseconds to the first byte of audio, seconds to the last, and the number of bytes."""
    started, first, size = time.perf_counter(), 0.0, 0
    files, data = {"file": ("song.mid", midi)}, {"format": kind}
    async with client.stream("POST", "/api/v1/conversions", files=files, data=data) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_raw():
            first = first or (time.perf_counter() - started) * 1000
            size += len(chunk)
    return first, time.perf_counter() - started, size


async def alternating(rounds: int, ours: Callable[[int], Awaitable[float]], theirs: Callable[[int], float]) -> float:
    """Return the ratio of the converter's median time to the baseline's."""
    mine, other = [], []
    for number in range(rounds):
        mine.append(await ours(number))
        other.append(await asyncio.to_thread(theirs, number))
    print(f"  converter {statistics.median(mine):.2f} s, baseline {statistics.median(other):.2f} s")
    return statistics.median(mine) / statistics.median(other)


async def ratio(client: httpx.AsyncClient, directory: Path, kind: str, rounds: int) -> tuple[float, list[float]]:
    """Return the time of a song relative to the baseline, and milliseconds to each first byte."""
    firsts: list[float] = []

    async def ours(number: int) -> float:
        first, whole, _ = await convert(client, song(SECONDS, number + 1000 * len(kind)), kind)
        firsts.append(first)
        return whole

    def plain(number: int) -> float:
        path = directory / "plain.mid"
        path.write_bytes(song(SECONDS, number + 1000 * len(kind)))
        started = time.perf_counter()
        plain_conversion(path, SOUNDFONT, kind)
        return time.perf_counter() - started

    return await alternating(rounds, ours, plain), firsts


async def aggregate(client: httpx.AsyncClient, songs: int, pid: int) -> float:
    """Return seconds of music per second, for mixed songs at concurrency 4, as MP3."""
    waiting, used = mixed(songs), processor_seconds(pid)
    total = sum(seconds for _, seconds in waiting)

    async def user() -> None:
        while waiting:
            midi, _ = waiting.pop()
            await convert(client, midi, "mp3")

    started = time.perf_counter()
    await asyncio.gather(*(user() for _ in range(4)))
    used = processor_seconds(pid) - used
    print(f"  the converter used {1000 * used / total:.1f} ms of CPU time per second of music")
    return total / (time.perf_counter() - started)


def proportional_megabytes(pid: int) -> float:
    """Return the memory of a process and its descendants; shared pages are divided among the processes."""
    total = 0
    for one in with_children(pid):
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total / 1024


def processor_seconds(pid: int) -> float:
    """Return the CPU time of a process and its descendants, including ended ones."""
    total = 0
    for one in with_children(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def with_children(pid: int) -> Iterator[int]:
    """Return a process and its running descendants."""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        with suppress(OSError):
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())


async def peak_while(pid: int, work: Awaitable[float]) -> tuple[float, float]:
    """Return the work's result and the peak memory meanwhile, sampled ten times per second."""
    task, peak = asyncio.ensure_future(work), 0.0
    while not task.done():
        peak = max(peak, proportional_megabytes(pid))
        await asyncio.sleep(0.1)
    return task.result(), peak


async def measure(quick: bool) -> dict[str, float]:
    """Run all measurements."""
    rounds, songs = (1, 6) if quick else (5, 20)
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name, converter(Path(name)) as (url, pid):
        idle = proportional_megabytes(pid)
        async with httpx.AsyncClient(base_url=url, timeout=120) as client:
            await convert(client, song(5, 1), "mp3")
            mp3_ratio, firsts = await ratio(client, Path(name), "mp3", rounds)
            flac_ratio, _ = await ratio(client, Path(name), "flac", rounds)
            again = song(SECONDS, 77)
            await convert(client, again, "mp3")
            cached = [(await convert(client, again, "mp3"))[0] for _ in range(10)]
            realtime, peak = await peak_while(pid, aggregate(client, songs, pid))
    return {
        "mp3_ratio": round(mp3_ratio, 3),
        "flac_ratio": round(flac_ratio, 3),
        "first_byte_ms": round(statistics.median(firsts), 1),
        "cached_ms": round(statistics.median(cached), 1),
        "aggregate_realtime": round(realtime, 1),
        "idle_megabytes": round(idle),
        "peak_megabytes": round(peak),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round and six songs")
    report("audio", asyncio.run(measure(parser.parse_args().quick)))
