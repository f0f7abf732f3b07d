"""Which model and version composes a request that does not name them."""

import copy
import dataclasses
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


def versions(*names: str) -> Catalogue:
    """A catalogue with these versions of one model."""
    catalogue = Catalogue()
    model = load_model(TINY, 2)
    for version in names:
        manifest = model.adapter.manifest.model_copy(update={"version": version})
        adapter = copy.copy(model.adapter)
        adapter.manifest = manifest
        catalogue.add(dataclasses.replace(model, adapter=adapter))
    return catalogue


def share_of(catalogue: Catalogue, version: str, users: int = 2_000) -> float:
    chosen = [catalogue.resolve("tiny", user=f"user-{n}").version for n in range(users)]
    return chosen.count(version) / users


def test_the_newest_version_composes_unless_there_are_weights() -> None:
    catalogue = versions("1.0.0", "1.2.0", "1.10.0")
    assert catalogue.shares() == {"tiny@1.0.0": 0.0, "tiny@1.2.0": 0.0, "tiny@1.10.0": 1.0}
    assert share_of(catalogue, "1.10.0", 20) == 1
    catalogue.set_weights({"tiny": {"1.2.0": 3, "1.10.0": 1}})
    assert catalogue.shares() == {"tiny@1.0.0": 0.0, "tiny@1.2.0": 0.75, "tiny@1.10.0": 0.25}
    assert share_of(catalogue, "1.10.0") == pytest.approx(0.25, abs=0.03)
    assert share_of(catalogue, "1.0.0") == 0
    # Cards and requests without a user are of the main version.
    assert catalogue.get("tiny").version == catalogue.default.version == catalogue.resolve("tiny").version == "1.2.0"
    assert catalogue.resolve("tiny@1.0.0", user="user-1").version == "1.0.0"


def test_users_of_a_canary_keep_it_when_its_share_grows_and_lose_it_at_a_roll_back() -> None:
    catalogue = versions("1.0.0", "1.1.0")
    users = [f"user-{n}" for n in range(300)]
    earlier: set[str] = set()
    for share in (5, 25, 60, 100):
        catalogue.set_weights({"tiny": {"1.0.0": 100 - share, "1.1.0": share}})
        on_canary = {user for user in users if catalogue.resolve(None, user=user).version == "1.1.0"}
        assert earlier < on_canary
        earlier = on_canary
    assert earlier == set(users)
    catalogue.set_weights({"tiny": {"1.0.0": 1, "1.1.0": 0}})
    assert {catalogue.resolve("tiny", user=user).version for user in users} == {"1.0.0"}


def test_versions_that_are_not_loaded_have_no_share() -> None:
    catalogue = versions("1.0.0", "1.1.0")
    catalogue.set_weights({"tiny": {"1.1.0": 20, "2.0.0": 80}})
    assert share_of(catalogue, "1.1.0", 20) == 1
    catalogue.set_weights({"tiny": {"2.0.0": 80}})
    assert share_of(catalogue, "1.1.0", 20) == 1


def test_a_version_with_a_weight_stays_in_memory() -> None:
    catalogue = versions("1.0.0", "1.1.0", "1.2.0")
    catalogue.set_weights({"tiny": {"1.0.0": 100}})
    catalogue.unload_excess(1)
    assert catalogue.loaded() == ["tiny@1.0.0"]
