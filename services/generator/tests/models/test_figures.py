"""The figures that bundles record, for each kind of model."""

from pathlib import Path

import pytest
from euterpe_generator.models.figures import Figure, figures_of
from euterpe_music.bundle import parse_any_manifest

MODELS = Path(__file__).parents[4] / "models"


def figures(name: str) -> dict[str, Figure]:
    [directory] = (MODELS / name).iterdir()
    manifest = parse_any_manifest((directory / "manifest.json").read_bytes())
    return {figure.name: figure for figure in figures_of(manifest)}


@pytest.mark.parametrize("name", ["crnngan-classical", "melody-folk"])
def test_measures_of_composed_pieces_stand_beside_those_of_real_ones(name: str) -> None:
    figure = figures(name)["notes_per_quarter"]
    assert figure.composed is not None
    assert figure.real is not None
    assert 0.5 < figure.composed / figure.real < 1


@pytest.mark.parametrize(("name", "loss"), [("ensemble", "loss_per_note"), ("melody-folk", "loss_per_token")])
def test_losses_are_of_real_pieces_only(name: str, loss: str) -> None:
    figure = figures(name)[loss]
    assert figure.composed is None
    assert figure.real


def test_a_bundle_without_training_has_no_figures() -> None:
    [directory] = (MODELS / "ensemble").iterdir()
    manifest = parse_any_manifest((directory / "manifest.json").read_bytes())
    assert figures_of(manifest.model_copy(update={"training": None})) == []
