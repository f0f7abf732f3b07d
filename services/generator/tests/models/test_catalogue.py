"""Which model composes a request that names none."""

from pathlib import Path

import pytest
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.models.loader import load_model

TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny/0.0.1"
TINY_ENSEMBLE = Path(__file__).parents[1] / "data/tiny-ensemble/0.0.1"


@pytest.mark.parametrize(
    ("default", "by_length", "without_length", "with_length"),
    [
        ("tiny-ensemble", "tiny", "tiny-ensemble", "tiny"),
        ("tiny-ensemble", "", "tiny-ensemble", "tiny"),
        ("tiny", "tiny-ensemble", "tiny", "tiny"),
    ],
)
def test_requests_with_a_length_are_for_a_model_that_has_one(
    default: str, by_length: str, without_length: str, with_length: str
) -> None:
    catalogue = Catalogue(default=default, default_by_length=by_length)
    for directory in (TINY_ENSEMBLE, TINY):
        catalogue.add(load_model(directory, 2))
    assert catalogue.resolve(None).name == without_length
    assert catalogue.resolve(None, has_length=True).name == with_length
    assert catalogue.resolve("tiny-ensemble", has_length=True).name == "tiny-ensemble"
