"""Benchmarks compare their figures with saved runs, and the document of all saved runs is up to date."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

#: Targets that print no figures of speed or quality of their own.
WITHOUT_FIGURES = {"history"}


@pytest.fixture
def report(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(root / "bench")
    import report

    return report


@pytest.fixture
def run(report: ModuleType) -> Any:
    machine = report.Machine("EPYC", 2, 24, 30.0)
    figures = {"songs_per_s": 100.0, "idle_p50_ms": 40.0, "overhead": 0.2}
    return report.Run("2026-11-30T12:00:00+00:00", "abc", [], 0.5, machine, figures)


def _changed(run: Any, date: str, **figures: float) -> Any:
    return replace(run, date=date, figures=run.figures | figures)


def test_a_slow_down_within_an_hour_is_reported_in_percent(report: ModuleType, run: Any) -> None:
    later = _changed(run, "2026-11-30T12:59:00+00:00", songs_per_s=50.0, idle_p50_ms=60.0)
    lines = list(report.comparison(later, run))
    assert next(line for line in lines if line.startswith("songs_per_s")).split()[-4:] == [
        "50",
        "100",
        "-50%,",
        "worse",
    ]
    assert next(line for line in lines if line.startswith("idle_p50_ms")).endswith("+50%, worse")


def test_runs_of_other_hours_or_machines_are_not_divided(report: ModuleType, run: Any) -> None:
    later = _changed(run, "2026-11-30T13:01:00+00:00", songs_per_s=50.0, overhead=0.1)
    text = "\n".join(report.comparison(later, run))
    assert "other hour, worse" in text
    assert re.findall(r"\S+%.*", text) == ["-50%, better"], "only the ratio within a run may be compared"
    other = replace(run, machine=replace(run.machine, cores=8))
    assert "%" not in "\n".join(report.comparison(_changed(other, run.date, songs_per_s=50.0), run)).replace("+0%", "")


def test_reports_end_in_json_and_are_saved_on_request(
    report: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["api.py", "--scale", "0.1"])
    figures = {"songs_per_s": 100.0, "cpu_ms_per_song": {"library": 0.7}}
    report.report("api", figures, results=tmp_path)
    assert not list(tmp_path.iterdir()), "saved without a request"
    monkeypatch.setenv("EUTERPE_BENCH_SAVE", "1")
    for rate in (100.0, 120.0):
        report.report("api", figures | {"songs_per_s": rate}, results=tmp_path)
    output = capsys.readouterr().out.splitlines()
    assert json.loads(output[-1])["songs_per_s"] == 120.0
    assert any(line.startswith("songs_per_s") and line.endswith("+20%, better") for line in output)
    saved = json.loads((tmp_path / "api.json").read_text())
    assert [one["figures"] for one in saved] == [
        {"songs_per_s": 120.0, "cpu_ms_per_song.library": 0.7},
        {"songs_per_s": 100.0, "cpu_ms_per_song.library": 0.7},
    ]
    assert saved[0]["arguments"] == ["--scale", "0.1"]
    # A shorter run is another measurement.
    monkeypatch.setattr(sys, "argv", ["api.py"])
    report.report("api", figures, results=tmp_path)
    assert "No run with these arguments was saved." in capsys.readouterr().out


def test_every_benchmark_reports_by_its_name(root: Path) -> None:
    makefile = (root / "Makefile").read_text()
    targets = dict(re.findall(r"^bench-([a-z-]+):.*?\$\(BIN\)/python (bench/\w+\.py)", makefile, re.S | re.M))
    assert len(targets) > 15
    for name, script in targets.items():
        if name not in WITHOUT_FIGURES:
            assert f'report("{name}", ' in (root / script).read_text(), f"{script} does not end in its report"


def test_the_history_has_every_saved_run(root: Path) -> None:
    command = [sys.executable, str(root / "bench/history.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
