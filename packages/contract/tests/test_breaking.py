"""What breaks those who use the API is named; what does not break them passes."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from euterpe_contract.breaking import breaking_changes

Document = dict[str, Any]
Change = Callable[[Document], object]


@pytest.fixture(scope="module")
def document(repository_root: Path) -> Document:
    """The API as it is."""
    text = (repository_root / "api/openapi.json").read_text()
    parsed: Document = json.loads(text)
    return parsed


def schema(name: str) -> Callable[[Document], Document]:
    return lambda document: document["components"]["schemas"][name]


def operation(method: str, path: str) -> Callable[[Document], Document]:
    return lambda document: document["paths"][f"/api/v1{path}"][method]


def property_of(name: str, field: str) -> Callable[[Document], Document]:
    return lambda document: schema(name)(document)["properties"][field]


def parameter(method: str, path: str, name: str) -> Callable[[Document], Document]:
    def find(document: Document) -> Document:
        found = [item for item in operation(method, path)(document)["parameters"] if item["name"] == name]
        result: Document = found[0]
        return result

    return find


BREAKING: dict[str, tuple[Change, str]] = {
    "path gone": (lambda d: d["paths"].pop("/api/v1/songs"), "GET /api/v1/songs was removed"),
    "method gone": (lambda d: d["paths"]["/api/v1/songs/{song_id}"].pop("patch"), "PATCH /api/v1/songs/{song_id} was"),
    "operation renamed": (lambda d: operation("get", "/songs")(d).update(operationId="all"), "list_songs became all"),
    "login needed": (lambda d: operation("post", "/generations")(d)["security"].remove({}), "needs a login now"),
    "parameter gone": (lambda d: operation("get", "/songs")(d).update(parameters=[]), "parameter limit was removed"),
    "parameter stricter": (
        lambda d: parameter("get", "/songs", "limit")(d)["schema"].update(maximum=10), "stricter maximum: 10"),
    "parameter required": (lambda d: parameter("get", "/songs", "sort")(d).update(required=True), "sort is required"),
    "field asked for": (lambda d: schema("GenerationRequest")(d).update(required=["seed"]), "seed is required now"),
    "field gone from a request": (
        lambda d: schema("GenerationRequest")(d)["properties"].pop("title"), "(GenerationRequest).title was removed"),
    "field gone from an answer": (lambda d: schema("SongAnswer")(d)["properties"].pop("title"), "title was removed"),
    "field of another type": (lambda d: property_of("SongAnswer", "title")(d).update(type="integer"), "has the type"),
    "field perhaps missing": (lambda d: schema("SongAnswer")(d)["required"].remove("title"), "title may be missing"),
    "null in an answer": (
        lambda d: schema("SongAnswer")(d)["properties"].update(title={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "title"),
    "null no more in a request": (
        lambda d: schema("GenerationRequest")(d)["properties"].update(seed={"type": "integer"}), "seed"),
    "value gone from a request": (lambda d: schema("Scope")(d)["enum"].remove("songs:read"), "may not be songs:read"),
    "value new in an answer": (lambda d: schema("Status")(d)["enum"].append("asleep"), "may be asleep"),
    "answer gone": (lambda d: operation("get", "/songs")(d)["responses"].pop("200"), "200 is answered no more"),
    "media type gone": (
        lambda d: operation("post", "/library/imports")(d)["requestBody"].update(content={}), "takes no audio/midi"),
    "header gone": (
        lambda d: operation("get", "/songs/{song_id}")(d)["responses"]["200"]["headers"].pop("ETag"), "header ETag"),
    "pattern changed": (lambda d: property_of("Registration", "username")(d).update(pattern="^x$"), "another pattern"),
}  # fmt: skip
HARMLESS: dict[str, Change] = {
    "nothing": lambda d: None,
    "new path": lambda d: d["paths"].update({"/api/v1/new": d["paths"]["/api/v1/songs"]}),
    "new field in an answer": lambda d: schema("SongAnswer")(d)["properties"].update(more={"type": "string"}),
    "new wish in a request": lambda d: schema("GenerationRequest")(d)["properties"].update(more={"type": "string"}),
    "laxer limit": lambda d: parameter("get", "/songs", "limit")(d)["schema"].update(maximum=1000),
    "no limit": lambda d: parameter("get", "/songs", "limit")(d)["schema"].pop("maximum"),
    "no login needed": lambda d: operation("get", "/songs")(d).update(security=[]),
    "prose": lambda d: operation("get", "/songs")(d).update(summary="Songs", description="All of them."),
    "new error": lambda d: operation("get", "/songs")(d)["responses"].update({"409": {"description": "Conflict"}}),
}


@pytest.mark.parametrize("name", BREAKING)
def test_breaking_changes_are_named(document: Document, name: str) -> None:
    change, told = BREAKING[name]
    changed = copy.deepcopy(document)
    change(changed)
    assert any(told in sentence for sentence in breaking_changes(document, changed)), breaking_changes(
        document, changed
    )


@pytest.mark.parametrize("name", HARMLESS)
def test_other_changes_pass(document: Document, name: str) -> None:
    changed = copy.deepcopy(document)
    HARMLESS[name](changed)
    assert breaking_changes(document, changed) == []
