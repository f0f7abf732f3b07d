"""Damaged and crafted files: each gets audio or a 422 with a reason, within bounds of time and memory."""

import asyncio
import random
import struct
import time
from collections import Counter
from pathlib import Path

import pytest
from euterpe_converter.rendering.midi_reader import MidiReader, ReadingLimits
from euterpe_service_kit.errors import Unprocessable

URL = "/api/v1/conversions"
MEBIBYTE = 1024 * 1024
END = b"\x00\xff\x2f\x00"


def _smf(*tracks: bytes, division: int = 480) -> bytes:
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), division)
    return header + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


def mutate(midi: bytes, source: random.Random) -> bytes:
    """Damage a file one to six times: flipped, missing, repeated and random bytes, wrong lengths, truncation."""
    data = bytearray(midi)
    for _ in range(source.randint(1, 6)):
        place, size = source.randrange(len(data)), source.choice((1, 2, 4, 8, 32))
        match source.randrange(7):
            case 0:
                data[place] ^= 1 << source.randrange(8)
            case 1:
                data[place : place + size] = source.randbytes(size)
            case 2:
                del data[place : place + size]
            case 3:
                data[place:place] = data[place : place + size * 16]
            case 4:
                data[place : place + 4] = source.choice((b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xff\x51\x03\0\0\1"))
            case 5:
                data[8:14] = source.randbytes(6)
            case 6:
                data = data[: max(1, place)]
        data = data or bytearray(b"\0")
    return bytes(data)


def _mutants(make_midi, count: int) -> list[bytes]:
    source = random.Random(7)
    originals = [make_midi(seconds, rate, program=seconds) for seconds, rate in ((2, 4), (5, 20), (20, 2))]
    return [mutate(source.choice(originals), source) for _ in range(count)]


def _peak_bytes(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def test_a_thousand_damaged_files_are_read_or_refused_with_a_reason(make_midi):
    reader = MidiReader(ReadingLimits(10 * MEBIBYTE, 200_000, 1200.0))
    good = bad = peak = 0
    for midi in _mutants(make_midi, 1000):
        outcome = await asyncio.gather(reader.canonical(midi, field="body.file"), return_exceptions=True)
        match outcome:
            case [(float(seconds), bytes())]:
                assert 0 <= seconds <= 1200
                good += 1
            case [Unprocessable(fields=[problem])]:
                assert (problem.field, problem.message != "") == ("body.file", True)
                bad += 1
            case other:
                pytest.fail(f"neither a duration nor a refusal: {other}")
        if reader.pid:
            peak = max(peak, _peak_bytes(reader.pid))
    await reader.close()
    assert good > 50
    assert bad > 50
    assert peak < 256 * MEBIBYTE


async def _convert_all(client, mutants: list[bytes]) -> str:
    """Convert all files; return how many were rendered and refused, and the longest time."""
    seen, slowest = Counter(), 0.0
    for number, midi in enumerate(mutants):
        started = time.perf_counter()
        data = {"tail": "0.1", "format": ("opus", "flac")[number % 2]}
        answer = await client.post(URL, files={"file": ("m.mid", midi)}, data=data)
        slowest = max(slowest, time.perf_counter() - started)
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 422:
            assert answer.json()["errors"][0]["field"] == "body.file"
        seen[answer.status_code] += 1
    assert set(seen) == {200, 422}
    assert (await client.get("/healthz")).status_code == 200
    return f"{seen[200]} rendered, {seen[422]} refused, the slowest in {slowest:.1f} s"


async def test_damaged_files_do_not_affect_the_service(client, make_midi):
    await _convert_all(client, _mutants(make_midi, 40))


@pytest.mark.fuzz
async def test_a_thousand_damaged_files_do_not_affect_the_service(client, make_midi, capsys):
    summary = await _convert_all(client, _mutants(make_midi, 1000))
    with capsys.disabled():
        print(f"\n{summary}")


NOTE = b"\x00\x90\x3c\x40"
LONGEST = b"\xff\xff\xff\x7e"


@pytest.mark.parametrize(
    ("midi", "message"),
    [
        # Ten hours at 480 ticks per quarter and half a second per quarter.
        (_smf(NOTE + b"\x90\xbd\xb0\x00\x80\x3c\x00" + END), "the limit is 1200 s"),
        (_smf(NOTE + LONGEST + b"\x80\x3c\x00" + END), "the limit is 1200 s"),
        (_smf(NOTE + b"\x60\x80\x3c\x00" + END, division=0), "ticks per quarter"),
        # As many notes as fit into ten megabytes.
        (_smf(b"\x00\x90\x3c\x40" + b"\x00\x3c\x00\x00\x3c\x40" * 1_700_000 + END), "limit"),
        (_smf(*[bytes(n for p in range(100) for n in (0, 0x90 | p % 16, p, 1)) + END] * 20_000), "limit"),
        (_smf(b"\x00\xff\x51\x03\x00\x00\x01" + END), "no notes"),
    ],
    ids=["ten-hours", "longest-note", "no-ticks", "millions-of-notes", "thousands-of-tracks", "tempo-alone"],
)
async def test_crafted_files_are_refused_before_rendering(client, midi, message, rendered):
    answer = await client.post(URL, files={"file": ("crafted.mid", midi)})
    assert answer.status_code == 422, answer.text
    assert message in answer.json()["errors"][0]["message"] or "max_notes" in str(answer.json()["errors"][0]["limits"])
    assert rendered() == rendered("failed") == 0


async def test_the_fastest_tempo_is_accepted(client, decode):
    midi = _smf(b"\x00\xff\x51\x03\x00\x00\x01" + NOTE + b"\x60\x80\x3c\x00" + END)
    answer = await client.post(URL, files={"file": ("quick.mid", midi)})
    assert answer.status_code == 200
    assert decode(answer.content).seconds == pytest.approx(2.0, abs=0.06)
