from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from euterpe_music.bundle import load_any_bundle
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.ensemble.calibration import (
    CalibrationSettings,
    calibrate,
    calibrate_bundle,
    new_figures,
    read_chosen,
)
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.export.bundle import ExportSettings, export_run
from euterpe_training.ensemble.starting_point import load_starting_point
from euterpe_training.errors import TrainingError

SETTINGS = CalibrationSettings(pieces=8, rounds=3, max_events=60)


@pytest.fixture
def dataset(data: Path) -> Dataset:
    """Return a data set that has enough validation pieces of pop."""
    dataset = Dataset(data)
    dataset.entries = [replace(one, genre="pop", kind="", side="validation") for one in dataset.entries]
    return dataset


def test_an_overconfident_head_gets_a_higher_temperature(run: Path, dataset: Dataset) -> None:
    start = load_starting_point(run)
    start.weights["heads.exits.3.weight"] *= 30
    found = calibrate(start, dataset, "pop", SETTINGS, lambda _: None)
    first = calibrate(start, dataset, "pop", replace(SETTINGS, rounds=1), lambda _: None)
    assert (found.pieces, first.temperatures) == (8, (1.0,) * 5)
    assert found.temperatures[3] > 1.2
    assert first.composed[3] < found.composed[3] < first.held_out[3]


def test_figures_are_new_where_no_part_had_them_before() -> None:
    notes = np.zeros(16, NOTE)
    notes["position"], notes["pitch"] = np.arange(16) * 6, np.tile([60, 64, 62, 67], 4)
    piece = NotePiece(notes, np.zeros(4, BAR_INFO))
    # Four figures occur again and again, of thirteen.
    assert new_figures([piece], [16]) == (4 + 1) / (9 + 1)
    notes["pitch"] = np.cumsum(np.arange(16)) % 120
    assert new_figures([piece], [16]) == (13 + 1) / (0 + 1)
    assert new_figures([piece], [5]) == (2 + 1) / (0 + 1)


def test_chosen_temperatures_are_measured_and_kept(run: Path, dataset: Dataset) -> None:
    chosen = read_chosen(["pop=0.9,0.9,0.8,1,1,1.5"])
    found = calibrate(load_starting_point(run), dataset, "pop", replace(SETTINGS, chosen=chosen), lambda _: None)
    assert (found.temperatures, found.figure_strength) == ((0.9, 0.9, 0.8, 1.0, 1.0), 1.5)
    for wrong in ("pop", "pop=1,1", "pop=a,b,c,d,e,f"):
        with pytest.raises(TrainingError, match="is not GENRE= and 6 numbers"):
            read_chosen([wrong])


def test_a_genre_needs_validation_pieces(run: Path, data: Path) -> None:
    with pytest.raises(TrainingError, match="validation pieces, at least 8 are needed"):
        calibrate(load_starting_point(run), Dataset(data), "pop", SETTINGS, lambda _: None)


def test_the_bundle_has_temperatures_by_genre(
    run: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("euterpe_training.ensemble.calibration._MIN_PIECES", 1)
    label = BundleLabel("tiny", "0.0.1", "Tiny", created="2026-11-30")
    bundle = export_run(run, data, tmp_path, label, ExportSettings(temperature=0.9))
    settings = replace(SETTINGS, rounds=2)
    written, found = calibrate_bundle(bundle.directory, "0.0.2", data, settings, lambda _: None)
    again = load_any_bundle(written.directory)
    assert again.manifest == written.manifest
    assert written.manifest.column_temperatures.keys() == {"classical", "pop", "any"}
    assert written.manifest.column_temperatures["pop"] == found["pop"].temperatures
    assert written.manifest.figure_strengths["pop"] == found["pop"].figure_strength
    assert {one.name: one.default for one in written.manifest.sampling.parameters}["temperature"] == 1.0
    assert "| pop | 1 | " in (written.directory / "card.md").read_text()
