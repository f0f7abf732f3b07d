"""Detection of breaking changes."""

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
    """The current API."""
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
    "path removed": (lambda d: d["paths"].pop("/api/v1/songs"), "GET /api/v1/songs was removed"),
    "method removed": (
        lambda d: d["paths"]["/api/v1/songs/{song_id}"].pop("patch"), "PATCH /api/v1/songs/{song_id} was"),
    "operation renamed": (lambda d: operation("get", "/songs")(d).update(operationId="all"), "list_songs to all"),
    "login required": (lambda d: operation("post", "/generations")(d)["security"].remove({}), "requires a login now"),
    "parameter removed": (lambda d: operation("get", "/songs")(d).update(parameters=[]), "parameter limit was removed"),
    "parameter stricter": (
        lambda d: parameter("get", "/songs", "limit")(d)["schema"].update(maximum=10), "stricter maximum: 10"),
    "parameter required": (
        lambda d: parameter("get", "/songs", "sort")(d).update(required=True), "sort became required"),
    "request field required": (
        lambda d: schema("GenerationRequest")(d).update(required=["seed"]), "seed became required"),
    "request field removed": (
        lambda d: schema("GenerationRequest")(d)["properties"].pop("title"), "(GenerationRequest).title was removed"),
    "response field removed": (lambda d: schema("SongAnswer")(d)["properties"].pop("title"), "title was removed"),
    "type changed": (lambda d: property_of("SongAnswer", "title")(d).update(type="integer"), "has the type"),
    "response field optional": (lambda d: schema("SongAnswer")(d)["required"].remove("title"), "title became optional"),
    "response field nullable": (
        lambda d: schema("SongAnswer")(d)["properties"].update(title={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "title"),
    "request field not nullable": (
        lambda d: schema("GenerationRequest")(d)["properties"].update(seed={"type": "integer"}), "seed"),
    "request value removed": (
        lambda d: schema("Scope")(d)["enum"].remove("songs:read"), "no longer accepts songs:read"),
    "response value added": (lambda d: schema("Status")(d)["enum"].append("asleep"), "may now be asleep"),
    "response removed": (
        lambda d: operation("get", "/songs")(d)["responses"].pop("200"), "200: the response was removed"),
    "media type removed": (
        lambda d: operation("post", "/library/imports")(d)["requestBody"].update(content={}),
        "no longer accepts audio/midi"),
    "header removed": (
        lambda d: operation("get", "/songs/{song_id}")(d)["responses"]["200"]["headers"].pop("ETag"), "header ETag"),
    "pattern changed": (lambda d: property_of("Registration", "username")(d).update(pattern="^x$"), "pattern changed"),
}  # fmt: skip
COMPATIBLE: dict[str, Change] = {
    "no change": lambda d: None,
    "new path": lambda d: d["paths"].update({"/api/v1/new": d["paths"]["/api/v1/songs"]}),
    "response field added": lambda d: schema("SongAnswer")(d)["properties"].update(more={"type": "string"}),
    "request field added": lambda d: schema("GenerationRequest")(d)["properties"].update(more={"type": "string"}),
    "higher limit": lambda d: parameter("get", "/songs", "limit")(d)["schema"].update(maximum=1000),
    "no limit": lambda d: parameter("get", "/songs", "limit")(d)["schema"].pop("maximum"),
    "login no longer required": lambda d: operation("get", "/songs")(d).update(security=[]),
    "description": lambda d: operation("get", "/songs")(d).update(summary="Songs", description="All of them."),
    "new error": lambda d: operation("get", "/songs")(d)["responses"].update({"409": {"description": "Conflict"}}),
}


@pytest.mark.parametrize("name", BREAKING)
def test_breaking_changes_are_found(document: Document, name: str) -> None:
    change, message = BREAKING[name]
    changed = copy.deepcopy(document)
    change(changed)
    assert any(message in found for found in breaking_changes(document, changed)), breaking_changes(document, changed)


@pytest.mark.parametrize("name", COMPATIBLE)
def test_compatible_changes_pass(document: Document, name: str) -> None:
    changed = copy.deepcopy(document)
    COMPATIBLE[name](changed)
    assert breaking_changes(document, changed) == []
