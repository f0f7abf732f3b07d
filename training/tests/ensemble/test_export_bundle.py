from dataclasses import replace
from pathlib import Path

import pytest
import torch
from euterpe_music.bundle import BundleError, EnsembleBundle, load_any_bundle
from euterpe_music.note_events.instruments import part_instrument
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.export.bundle import ExportSettings, export_run, usual_instruments
from euterpe_training.ensemble.export.graphs import Variant, checked_variants
from euterpe_training.ensemble.starting_point import load_starting_point, newest_bundle
from euterpe_training.errors import TrainingError

LABEL = BundleLabel("tiny", "0.0.1", "Tiny", created="2026-11-30")


def test_a_run_becomes_a_bundle_that_loads(run: Path, data: Path, tmp_path: Path) -> None:
    bundle = export_run(run, data, tmp_path, LABEL, ExportSettings(("int8", "fp32")))
    manifest = bundle.manifest
    assert [style.path for style in manifest.styles] == [
        "classical", "classical/baroque", "classical/baroque/bach", "pop", "pop/song",
    ]  # fmt: skip
    assert manifest.styles[2].numbers == (1, 1, 1)
    assert (manifest.styles[0].meter, manifest.variant) == ("4/4", "int8")
    assert manifest.terms.startswith("Some sources state no licence")
    parameters = {one.name: one for one in manifest.sampling.parameters}
    assert parameters["meter"].choices == ("any", "4/4")
    assert "| all | 1.000 | 5.500 |" in (bundle.directory / "card.md").read_text()
    again = load_any_bundle(bundle.directory)
    assert isinstance(again, EnsembleBundle)
    assert again.manifest == manifest
    assert (again.variant("fp32"), again.variant(None)) == ("fp32", "int8")


@pytest.mark.parametrize(("variants", "tolerance"), [(("int8", "fp32"), 0.0), (("int8",), 1 / 127)])
def test_a_training_can_start_from_a_bundle(
    run: Path, data: Path, tmp_path: Path, variants: tuple[Variant, ...], tolerance: float
) -> None:
    bundle = export_run(run, data, tmp_path, LABEL, ExportSettings(variants))
    ours, theirs = load_starting_point(run), load_starting_point(bundle.directory)
    assert (theirs.styles, theirs.config, theirs.events) == (ours.styles, ours.config, ours.events)
    assert theirs.weights.keys() == ours.weights.keys()
    for name, weight in ours.weights.items():
        largest = float(weight.abs().max())
        assert torch.allclose(theirs.weights[name], weight, rtol=0, atol=tolerance * largest), name
    assert theirs.network().config == ours.config.network


def test_the_newest_bundle_is_the_default_start(run: Path, data: Path, tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0"):
        export_run(run, data, tmp_path, replace(LABEL, version=version), ExportSettings())
    assert newest_bundle(tmp_path / LABEL.name).name == "1.10.0"
    with pytest.raises(TrainingError, match="name a run or a bundle with --from"):
        newest_bundle(tmp_path / "none")


def test_a_bundle_of_another_kind_is_no_starting_point(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not a bundle of an ensemble network"):
        load_starting_point(next(Path("models/melody-folk").iterdir()))
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        load_starting_point(tmp_path)


def test_a_bundle_for_other_events_is_refused(run: Path, data: Path, tmp_path: Path) -> None:
    bundle = export_run(run, data, tmp_path, LABEL, ExportSettings())
    path = bundle.directory / "manifest.json"
    path.write_text(path.read_text().replace(bundle.manifest.events_sha256, "0" * 64))
    with pytest.raises(BundleError, match="note events are of version 1"):
        load_any_bundle(bundle.directory)
    assert bundle.variant("fp32") == "int8"


def test_usual_instruments_are_those_of_most_pieces(data: Path) -> None:
    dataset = Dataset(data)
    names = [part_instrument(part) for part in dataset.piece(0).parts]
    assert len(names) == 2
    assert usual_instruments(dataset, [0, 1, 2]) == tuple(names)


def test_an_unknown_variant_is_named() -> None:
    with pytest.raises(TrainingError, match="unknown variant 'int4'; known are fp32, int8"):
        checked_variants(["int4"])


def test_a_bundle_names_its_collections(run: Path, data: Path, tmp_path: Path) -> None:
    bundle = export_run(run, data, tmp_path, LABEL, ExportSettings())
    assert bundle.manifest.training is not None
    assert bundle.manifest.training.corpus.source == "public files without a licence, POP909 (MIT)"
