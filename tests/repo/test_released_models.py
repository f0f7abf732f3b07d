"""What people get from a released model before they choose anything."""

import json
from pathlib import Path

import pytest

MANIFESTS = sorted((Path(__file__).parents[2] / "models").glob("*/*/manifest.json"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: "@".join(path.parts[-3:-1]))
def test_a_released_model_is_described(path: Path) -> None:
    manifest = json.loads(path.read_text())
    assert manifest["title"]
    assert manifest["description"].endswith(".")


def test_ensembles_compose_in_a_style_unless_another_is_chosen() -> None:
    """Without any style, pieces are of no kind at all."""
    defaults = {
        str(path): next(
            one["default"] for one in json.loads(path.read_text())["sampling"]["parameters"] if one["name"] == "style"
        )
        for path in MANIFESTS
        if path.parts[-3] == "ensemble"
    }
    assert defaults
    assert "any" not in defaults.values()
