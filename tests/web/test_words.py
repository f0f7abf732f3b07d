"""What models say of themselves is said in Spanish, too."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Product

pytestmark = pytest.mark.web

TEXT = Path(__file__).resolve().parents[2] / "web/src/app/core/text"
_KEY = re.compile(r"""^  (?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|(\w+)):""", re.MULTILINE)


def told(model: dict[str, Any]) -> Iterator[str]:
    """The words of a model's card and controls; what can be chosen are names, of composers for one."""
    yield from (model["title"], model["description"], *model["presets"])
    for parameter in model["parameters"]:
        yield from (parameter["label"], parameter["advice"] or "", parameter["unit"] or "")


def test_no_word_of_a_model_is_left_in_english(product: Product) -> None:
    source = (TEXT / "spanish-labels.ts").read_text()
    known = {"".join(groups) for groups in _KEY.findall(source)}
    with product.client() as client:
        models = client.get("/models").raise_for_status().json()["items"]
    words = {word.replace("_", " ").lower() for model in models for word in told(model)} - {""}
    assert not words - known
