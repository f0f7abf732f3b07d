"""All texts of the models have a Spanish translation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.web

TEXT = Path(__file__).resolve().parents[2] / "web/src/app/core/text"
_KEY = re.compile(r"""^  (?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|(\w+)):""", re.MULTILINE)


def texts_of(model: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of a model's card and controls. Choices are left out: most are proper names."""
    yield from (model["title"], model["description"], model["terms"], *model["presets"])
    for parameter in model["parameters"]:
        yield from (parameter["label"], parameter["advice"] or "", parameter["unit"] or "")


def test_every_text_of_a_model_is_translated(product: Product) -> None:
    source = "".join((TEXT / name).read_text() for name in ("spanish-labels.ts", "spanish-ensemble-labels.ts"))
    known = {"".join(groups) for groups in _KEY.findall(source)}
    with product.client() as client:
        names = [model["name"] for model in client.get("/models").raise_for_status().json()["items"]]
        models = [client.get(f"/models/{name}").raise_for_status().json() for name in names]
    texts = {text.replace("_", " ").lower() for model in models for text in texts_of(model)} - {""}
    assert not texts - known
