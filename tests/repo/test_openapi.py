"""The committed OpenAPI document is the one that the services have, and the Python client is written from it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate


def test_the_document_is_valid(root: Path) -> None:
    validate(json.loads((root / "api/openapi.json").read_text()))


def test_everything_has_an_example(root: Path) -> None:
    """Of each parameter and field one sees what it looks like: an example, a default, a format or all its values."""
    document = json.loads((root / "api/openapi.json").read_text())
    schemas = document["components"]["schemas"]

    def shown(schema: dict[str, Any]) -> bool:
        if {"examples", "enum", "const", "default", "format", "contentMediaType"} & schema.keys():
            return True
        if "$ref" in schema:
            return True  # it is looked at on its own
        if "anyOf" in schema:
            return all(shown(each) for each in schema["anyOf"])
        return shown(schema["items"]) if "items" in schema else schema.get("type") in ("boolean", "null")

    fields = {
        f"{name}.{field}": value
        for name, schema in schemas.items()
        if "examples" not in schema
        for field, value in schema.get("properties", {}).items()
    }
    parameters = {
        f"{operation['operationId']} {parameter['name']}": parameter["schema"] | parameter
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
    }
    assert [name for name, schema in (fields | parameters).items() if not shown(schema)] == []


@pytest.mark.parametrize("what", ["openapi", "client"])
def test_what_is_generated_is_up_to_date(root: Path, what: str) -> None:
    command = [sys.executable, f"scripts/generate-{what}", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
