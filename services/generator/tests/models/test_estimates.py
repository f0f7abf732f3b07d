"""Estimates of a piece's length, before it is composed."""

from pathlib import Path

import pytest
from euterpe_generator.models.loader import load_model
from euterpe_generator.models.offered_parameters import key_remedy
from euterpe_music.bundle import write_melody_bundle
from euterpe_test_kit.melodies import melody_bundle

ROOT = Path(__file__).parents[4]


def test_bars_meter_and_tempo_determine_a_melodys_length() -> None:
    model = load_model(sorted((ROOT / "models/melody-folk").iterdir())[-1], 1)
    parameters = model.sampling.check({"bars": 16, "style": "jigs", "tempo": 90.0})
    estimate = model.adapter.estimate(0, parameters)
    assert (estimate.bars, estimate.seconds) == (16.0, 32.0)


def test_events_are_estimated_by_test_pieces_and_scaled_by_the_tempo() -> None:
    model = load_model(ROOT / "models/crnngan-euterpe/1.2.0", 8)
    default = model.default_estimate
    assert 10 < default.seconds < 120
    half = model.adapter.estimate(50, model.sampling.check({}))
    assert half.bars == pytest.approx(default.bars / 2, abs=0.1)
    slow = model.adapter.estimate(100, model.sampling.check({"tempo": 52.0}))
    assert (slow.bars, slow.seconds) == (default.bars, pytest.approx(2 * default.seconds, abs=0.2))


def test_only_networks_that_know_modes_offer_minor_keys(tmp_path: Path) -> None:
    choices = {}
    with_modes = melody_bundle(tmp_path, name="with-modes", modes=True)
    without = melody_bundle(tmp_path, name="without-modes")
    write_melody_bundle(without.directory, without.manifest.model_copy(update={"tonality": "white"}), without.files)
    released = [sorted((ROOT / "models" / name).iterdir())[-1] for name in ("melody-folk", "melody-pop")]
    for path in (*released, melody_bundle(tmp_path).directory, with_modes.directory, without.directory):
        model = load_model(path, 1)
        choices[model.name] = next(one.choices for one in model.sampling.parameters if one.name == "key")
    assert [choice for choice in choices["without-modes"] if "minor" in str(choice)] == []
    assert "D major" in choices["without-modes"]
    for name in ("melody-folk", "melody-pop", "tiny-melody", "with-modes"):
        assert "D minor" in choices[name]


@pytest.mark.parametrize(
    ("key", "relative"), [("D minor", "F major"), ("Eb minor", "F# major"), ("Ab minor", "B major")]
)
def test_a_minor_key_is_answered_with_its_relative_major(key: str, relative: str) -> None:
    assert f"use {relative}" in key_remedy(key)
    assert key_remedy("H minor") == key_remedy("D major") == key_remedy(7) == ""
