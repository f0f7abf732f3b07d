"""The texts of the parameters that melody models offer have Spanish translations."""

import re
from pathlib import Path

import pytest
from euterpe_generator.models.offered_parameters import offered_manifest
from euterpe_music.bundle import MelodyBundle, load_any_bundle

ROOT = Path(__file__).resolve().parents[2]
_KEY = re.compile(r"^ {2}(?:'([^']+)'|\"([^\"]+)\"|([\w-]+)):", re.M)


@pytest.mark.parametrize("name", ["melody-folk", "melody-pop"])
def test_all_texts_of_offered_parameters_are_translated(name: str) -> None:
    texts = (ROOT / "web/src/app/core/text").glob("spanish-*.ts")
    known = {"".join(groups) for path in texts for groups in _KEY.findall(path.read_text())}
    [directory] = (ROOT / "models" / name).iterdir()
    bundle = load_any_bundle(directory)
    assert isinstance(bundle, MelodyBundle)
    parameters = offered_manifest(bundle.manifest).sampling.parameters
    assert "no_repeat_ngram" in {one.name for one in parameters}
    texts_of_parameters = {text for one in parameters for text in (one.label, one.advice, one.unit)}
    assert {text.lower() for text in texts_of_parameters - {""}} - known == set()
