"""The end of every benchmark: compares its figures with the last saved run, and prints them as one line of JSON.

`bench/results/NAME.json` has the saved runs of a benchmark, newest first: date, commit, arguments, load average before
the run, machine and figures. `make bench-NAME SAVE=1` adds one. Absolute figures depend on the other work of the same
hour, so a change in percent is printed only for runs of one machine within one hour. Figures that are themselves ratios
within a run are compared at any time.
"""

import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
RESULTS = _ROOT / "bench" / "results"
SAME_HOUR = timedelta(hours=1)
#: Change of a figure that is reported as better or worse.
TOLERANCE = 0.15
#: Number of runs that a file keeps.
KEPT = 20
#: Load of other programs, before the benchmark adds its own.
_LOAD_BEFORE = os.getloadavg()[0]
_RELATIVE = re.compile(r"ratio|share|overhead|speedup|gain|macro_f1|growth|shift")
_MORE_IS_BETTER = re.compile(r"per_(cpu_)?s(econd)?(_|\b)|fps|speedup|realtime|macro_f1|gain|kept|on_tonic|same_key")
_LESS_IS_BETTER = re.compile(r"(_|\b)(ms|s|seconds|mb|kb|megabytes)(_|\b)|ratio|share|overhead|growth|shift|problems")


@dataclass(frozen=True)
class Machine:
    """Where a benchmark ran. A million additions in Python take `additions_ms` of processor time."""

    processor: str
    cores: int
    memory_gib: int
    additions_ms: float

    def __str__(self) -> str:
        return f"{self.processor}, {self.cores} cores, {self.memory_gib} GiB"

    def is_same(self, other: "Machine") -> bool:
        """Return whether both are the same kind of machine."""
        return str(self) == str(other)

    @classmethod
    def this(cls) -> "Machine":
        """Describe this machine."""
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        processor = found.group(1).strip() if found else platform.machine()
        return cls(processor, len(os.sched_getaffinity(0)), round(memory / 2**30), _additions_ms())


@dataclass(frozen=True)
class Run:
    """A saved run of a benchmark; `date` is in ISO 8601 with an offset."""

    date: str
    commit: str
    arguments: list[str]
    load: float
    machine: Machine
    figures: dict[str, float]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Run":
        """Read a run from the content of a results file."""
        return cls(**{**content, "machine": Machine(**content["machine"])})

    def is_same_hour(self, other: "Run") -> bool:
        """Return whether absolute figures of both runs can be compared: one machine, at most an hour between them."""
        between = abs(datetime.fromisoformat(self.date) - datetime.fromisoformat(other.date))
        return between <= SAME_HOUR and self.machine.is_same(other.machine)


def report(name: str, figures: Mapping[str, Any], *, results: Path = RESULTS) -> None:
    """Compare the figures of `make bench-NAME` with its last saved run, save them if asked, print one line of JSON.

    Nested figures are saved as `outer.inner`. Only runs with the same arguments are compared.
    """
    path = results / f"{name}.json"
    saved = load(path)
    date, machine = datetime.now(UTC).isoformat(timespec="seconds"), Machine.this()
    arguments = _without_directories(sys.argv[1:])
    run = Run(date, _commit(), arguments, round(_LOAD_BEFORE, 1), machine, dict(flatten(figures)))
    last = next((one for one in saved if one.arguments == run.arguments), None)
    print("\n" + "\n".join(comparison(run, last)))
    if os.environ.get("EUTERPE_BENCH_SAVE"):
        save(path, [run, *saved])
        print(f"Saved in {path}; `make bench-history` generates the tables.")
    print(json.dumps(figures))


def load(path: Path) -> list[Run]:
    """Return the saved runs of a benchmark, newest first."""
    return [Run.of(content) for content in json.loads(path.read_text())] if path.exists() else []


def save(path: Path, runs: Sequence[Run]) -> None:
    """Write the runs of a benchmark, newest first; only KEPT of them are kept."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(run) for run in runs[:KEPT]], indent=1, ensure_ascii=False) + "\n")


def comparison(run: Run, last: Run | None) -> Iterator[str]:
    """Yield the lines of a table: figures of this run and of the last saved one, and how they differ."""
    for title, one in (("this run", run), ("saved run", last)):
        if one is not None:
            speed = f"{one.machine.additions_ms} ms per million additions"
            yield f"{title}: {one.date}, {one.commit}, load {one.load}, {one.machine}, {speed}"
    if last is None:
        yield "No run with these arguments was saved."
        return
    width = max(map(len, run.figures), default=0) + 2
    yield f"{'':{width}}{'this run':>12}{'saved run':>12}"
    for name, value in run.figures.items():
        before = last.figures.get(name)
        if before is None:
            yield f"{name:{width}}{value:>12g}{'–':>12}"
        else:
            change = difference(name, value, before, is_same_hour=run.is_same_hour(last))
            yield f"{name:{width}}{value:>12g}{before:>12g}  {change}"


def difference(name: str, value: float, before: float, *, is_same_hour: bool) -> str:
    """Return how a figure changed: in percent if both are of the same hour or are ratios, else only if it is worse."""
    change = value / before - 1 if before else 0.0 if value == before else math.inf
    verdict = _verdict(name, change)
    if is_same_hour or _RELATIVE.search(name):
        return ", ".join(filter(None, [f"{change:+.0%}", verdict]))
    return ", ".join(filter(None, ["other hour", verdict]))


def _verdict(name: str, change: float) -> str:
    is_more_better = bool(_MORE_IS_BETTER.search(name))
    if abs(change) <= TOLERANCE or not (is_more_better or _LESS_IS_BETTER.search(name)):
        return ""
    return "better" if (change > 0) == is_more_better else "worse"


def flatten(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of nested figures with dotted names."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", value


def _without_directories(arguments: Sequence[str]) -> list[str]:
    # A corpus is at another place on every machine.
    return [Path(one).name if one.startswith("/") else one for one in arguments]


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results", ":!docs")
    return (git("rev-parse", "--short=8", "HEAD") or "unknown") + ("+changes" if changed else "")


def _additions_ms() -> float:
    def once() -> float:
        started, total = time.process_time(), 0
        for number in range(1_000_000):
            total += number
        return time.process_time() - started

    return round(min(once() for _ in range(5)) * 1000, 1)
