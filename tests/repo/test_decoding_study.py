"""The comparison of sampling strategies: composed by the engine, and its page written from results alone."""

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from euterpe_music.melody_parameters import STRATEGIES
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_test_kit.melodies import melody_bundle


@pytest.fixture
def study(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(root / "bench")
    import decoding_study

    return decoding_study


def test_missing_rows_are_composed_for_both_models_and_the_page_needs_no_bundle(
    study: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [melody_bundle(tmp_path, name=f"model{encoding}", encoding=encoding) for encoding in (1, 2)]
    out = tmp_path / "study"
    directories = [str(bundle.directory) for bundle in models]
    settings = {name: study.SETTINGS[name] for name in ("beam", "top_p 0.95")}
    monkeypatch.setattr(study, "SETTINGS", settings)
    command = ["decoding_study.py", "--out", str(out), "--lengths", "2", "3"]
    for given in ([*command, "--models", directories[0]], [*command, "--models", *directories]):
        monkeypatch.setattr(sys, "argv", given)
        study.main()
    results = json.loads((out / "results.json").read_text())
    assert [(row["model"], row["setting"], len(row["pieces"])) for row in results["rows"]] == [
        (f"model{encoding}@0.0.1", setting, 2 * (study.SAMPLES if setting != "beam" else 1))
        for encoding in (1, 2) for setting in settings
    ]  # fmt: skip
    page = (out / "README.md").read_text()
    assert "Model 2 of the thesis" in page
    assert (out / "rolls-model2.png").is_file()
    for bundle in models:
        (bundle.directory / "manifest.json").unlink()
    (out / "README.md").unlink()
    monkeypatch.setattr(sys, "argv", [*command, "--report"])
    study.main()
    assert (out / "README.md").read_text() == page


def test_every_strategy_is_compared(study: ModuleType) -> None:
    assert {settings["strategy"] for settings in study.SETTINGS.values()} == set(STRATEGIES)


def test_figures_of_a_piece(study: ModuleType) -> None:
    melody = make_notes(np.array([0, 480, 1920, 2400]), np.array([480, 480, 480, 1440]), [60, 62, 64, 72], 90)
    chords = make_notes(np.array([0, 1920]), 1920, np.array([48, 57]), 60)
    both = np.concatenate([melody, chords])
    both["track"][len(melody) :] = 1
    meters = (MeterChange(0, Meter(4, 4)),)
    found = study.figures(Piece(480, both, (Track(0), Track(0)), meters=meters))
    assert found["loop_start_bar"] is None
    assert found["longest_note_bars"] == 0.75
    assert found["rests"] == 0.25
    assert found["pitch_entropy"] == 2.0
    assert found["chord_tones"] == 0.25
    silent = study.figures(Piece(480, chords[:0], (Track(0),), meters=meters))
    assert (silent["rests"], silent["chord_tones"]) == (1.0, None)


def test_the_page_is_that_of_the_committed_results(
    study: ModuleType, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "draw_piano_rolls", lambda *_: None)
    directory = root / "docs/studies/decoding"
    study.write_page(json.loads((directory / "results.json").read_text()), tmp_path)
    assert (tmp_path / "README.md").read_text() == (directory / "README.md").read_text()
