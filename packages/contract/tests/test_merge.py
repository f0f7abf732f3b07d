"""Documents become one, or it is said which name stands in the way."""

from typing import Any

import pytest
from euterpe_contract.merge import MergeConflict, merge


def document(path: str = "/a", operation: str = "read_a", *, schema: str = "string", version: str = "3.1.1") -> Any:
    return {
        "openapi": version,
        "paths": {path: {"get": {"operationId": operation, "tags": [path], "responses": {}}}},
        "components": {"schemas": {"Problem": {"type": schema}}},
    }


def test_paths_and_schemas_come_together() -> None:
    merged = merge({"one": document(), "two": document("/b", "read_b")})
    assert set(merged["paths"]) == {"/a", "/b"}
    assert merged["components"]["schemas"] == {"Problem": {"type": "string"}}
    assert merged["tags"] == [{"name": "/a"}, {"name": "/b"}]


@pytest.mark.parametrize(
    ("second", "named"),
    [
        (document("/b", "read_a"), "two uses the name read_a"),
        (document("/a", "read_b"), "two uses the name /a"),
        (document("/b", "read_b", schema="object"), "two uses the name Problem"),
        (document("/b", "read_b", version="3.2.0"), r"3\.1\.1, 3\.2\.0"),
    ],
)
def test_one_name_for_two_things_is_refused(second: Any, named: str) -> None:
    with pytest.raises(MergeConflict, match=named):
        merge({"one": document(), "two": second})
