"""Convert the collections inside music21's wheel to MIDI files with true bars.

ABC collections are read by `abc`; MusicXML scores by verovio, in a process that may crash without loss.
"""

import base64
import multiprocessing
import multiprocessing.connection
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from symusic.core import ScoreTick, TimeSignatureTick

from euterpe_training.ensemble.corpora.abc import Tune, bar_signatures, read_tune, tune_score
from euterpe_training.errors import TrainingError

_TEMPI = {"reel": 200, "jig": 180, "hornpipe": 160, "strathspey": 130, "waltz": 150, "polka": 130, "march": 116}
_REGULAR_SHARE = 0.75
_SECONDS_PER_SCORE = 120


@dataclass(frozen=True)
class AbcCollection:
    """A folder of ABC tunes in the wheel: where it goes, and with which MIDI program it is played."""

    folder: str
    name: str
    program: int


ABC_COLLECTIONS = (
    AbcCollection("airdsAirs", "aird", 73),
    AbcCollection("oneills1850", "oneill", 40),
    AbcCollection("ryansMammoth", "ryan", 40),
    AbcCollection("essenFolksong", "essen", 52),
)
SCORE_COLLECTIONS = {
    "bach": "bach_chorales",
    "monteverdi": "monteverdi",
    "haydn": "quartets/haydn",
    "mozart": "quartets/mozart",
    "beethoven": "quartets/beethoven",
    "schumann_robert": "romantic/schumann_robert",
    "schumann_clara": "romantic/schumann_clara",
    "joplin": "romantic/joplin",
    "weber": "romantic/weber",
}


def convert_wheel(wheel: Path, out: Path, report: Callable[[str], None]) -> None:
    """Write every usable tune and score of the wheel below `out`, a folder per collection."""
    with zipfile.ZipFile(wheel) as archive:
        for collection in ABC_COLLECTIONS:
            written, skipped = _convert_abc(archive, collection, out / collection.name)
            report(f"{collection.name}: {written} tunes written, {skipped} without a regular meter or unreadable")
        jobs = list(_score_jobs(archive, out))
    failed = _convert_scores(wheel, jobs)
    report(f"scores: {len(jobs) - len(failed)} written, {len(failed)} failed")


def _convert_abc(archive: zipfile.ZipFile, collection: AbcCollection, out: Path) -> tuple[int, int]:
    out.mkdir(parents=True, exist_ok=True)
    written = skipped = 0
    for name in sorted(archive.namelist()):
        if not name.startswith(f"music21/corpus/{collection.folder}/") or not name.endswith(".abc"):
            continue
        text = archive.read(name).decode("utf-8", "replace")
        for number, block in enumerate(re.split(r"(?m)^(?=X:)", text)[1:]):
            try:
                tune = read_tune(block)
                _check_regular(tune)
                score = tune_score(tune, collection.program, _tempo(tune))
            except ValueError:
                skipped += 1
                continue
            score.dump_midi(out / f"{Path(name).stem}_{number:04d}.mid")
            written += 1
    return written, skipped


def _check_regular(tune: Tune) -> None:
    if tune.meter is None:
        raise ValueError(f"the tune {tune.title!r} has no meter")
    full = Fraction(4 * tune.meter[0], tune.meter[1])
    regular = sum(bar.length == full for bar in tune.bars)
    if regular < _REGULAR_SHARE * (len(tune.bars) - 1):
        raise ValueError(f"only {regular} of {len(tune.bars)} bars of {tune.title!r} fill its meter")


def _tempo(tune: Tune) -> float:
    found = next((tempo for word, tempo in _TEMPI.items() if word in f"{tune.rhythm} {tune.title}".lower()), None)
    if found:
        return float(found)
    return {(6, 8): 180.0, (9, 8): 180.0, (3, 4): 130.0, (2, 2): 180.0, (2, 4): 110.0}.get(tune.meter or (4, 4), 120.0)


def _score_jobs(archive: zipfile.ZipFile, out: Path) -> Iterator[tuple[str, Path]]:
    for name in sorted(archive.namelist()):
        match = re.fullmatch(r"music21/corpus/(\w+)/(.+)\.(?:mxl|xml|musicxml)", name)
        if match and match[1] in SCORE_COLLECTIONS:
            path = out / SCORE_COLLECTIONS[match[1]] / (match[2].replace("/", "_") + ".mid")
            path.parent.mkdir(parents=True, exist_ok=True)
            yield name, path


def _convert_scores(wheel: Path, jobs: list[tuple[str, Path]]) -> list[str]:
    """Convert scores in child processes; after a crash the next child starts behind the score that caused it."""
    try:
        import verovio  # noqa: F401
    except ImportError as error:
        raise TrainingError("reading MusicXML needs verovio: install it with `uv pip install verovio`") from error
    failed: list[str] = []
    start = 0
    while start < len(jobs):
        done, child = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=_convert_until_crash, args=(wheel, jobs[start:], child))
        process.start()
        child.close()
        try:
            while done.poll(_SECONDS_PER_SCORE):
                if not done.recv():
                    failed.append(jobs[start][0])
                start += 1
            process.kill()
        except EOFError:
            pass
        process.join()
        if start < len(jobs):
            failed.append(jobs[start][0])
            start += 1
    return failed


def _convert_until_crash(
    wheel: Path, jobs: list[tuple[str, Path]], done: "multiprocessing.connection.Connection"
) -> None:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"breaks": "none", "expandAlways": True})
    with zipfile.ZipFile(wheel) as archive:
        for name, path in jobs:
            try:
                score_of(toolkit, archive.read(name), name.endswith(".mxl")).dump_midi(path)
                done.send(True)
            except (ValueError, RuntimeError):
                done.send(False)


def score_of(toolkit: "verovio.toolkit", data: bytes, is_zipped: bool) -> ScoreTick:  # type: ignore[name-defined] # noqa: F821
    """Read a MusicXML score by verovio, and write its real bars as time signatures."""
    is_read = (
        toolkit.loadZipDataBase64(base64.b64encode(data).decode())
        if is_zipped
        else toolkit.loadData(data.decode("utf-8"))
    )
    if not is_read:
        raise ValueError("verovio cannot read the score")
    stamps = toolkit.renderToTimemap({"includeMeasures": True})
    starts = [Fraction(entry["qstamp"]).limit_denominator(96) for entry in stamps if "measureOn" in entry]
    end = Fraction(stamps[-1]["qstamp"]).limit_denominator(96)
    score = ScoreTick.from_midi(base64.b64decode(toolkit.renderToMIDI()))
    score = score.resample(480) if score.ticks_per_quarter != 480 else score
    changes = sorted({(Fraction(sign.time, 480), sign.numerator, sign.denominator) for sign in score.time_signatures})
    pairs = [(earlier, later) for earlier, later in zip(starts, [*starts[1:], end], strict=True) if later > earlier]
    meters = [_meter_at(changes, start) for start, _ in pairs]
    score.time_signatures.clear()
    for tick, numerator, denominator in bar_signatures([end - start for start, end in pairs], meters):
        score.time_signatures.append(TimeSignatureTick(tick, numerator, denominator))
    return score


def _meter_at(changes: list[tuple[Fraction, int, int]], start: Fraction) -> tuple[int, int] | None:
    before = [(numerator, denominator) for time, numerator, denominator in changes if time <= start]
    return before[-1] if before else None
