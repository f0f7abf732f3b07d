"""Merging of OpenAPI documents, and conflicts between them."""

from typing import Any

import pytest
from euterpe_contract.merge import MergeConflict, merge


def document(path: str = "/a", operation: str = "read_a", *, schema: str = "string", version: str = "3.1.1") -> Any:
    return {
        "openapi": version,
        "paths": {path: {"get": {"operationId": operation, "tags": [path], "responses": {}}}},
        "components": {"schemas": {"Problem": {"type": schema}}},
    }


def test_merges_paths_schemas_and_tags() -> None:
    merged = merge({"one": document(), "two": document("/b", "read_b")})
    assert set(merged["paths"]) == {"/a", "/b"}
    assert merged["components"]["schemas"] == {"Problem": {"type": "string"}}
    assert merged["tags"] == [{"name": "/a"}, {"name": "/b"}]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (document("/b", "read_a"), "two defines read_a differently"),
        (document("/a", "read_b"), "two defines /a differently"),
        (document("/b", "read_b", schema="object"), "two defines Problem differently"),
        (document("/b", "read_b", version="3.2.0"), r"3\.1\.1, 3\.2\.0"),
    ],
)
def test_conflicting_definitions_are_refused(second: Any, message: str) -> None:
    with pytest.raises(MergeConflict, match=message):
        merge({"one": document(), "two": second})
