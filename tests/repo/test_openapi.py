"""The committed OpenAPI document is the one that the services have, and the Python client is written from it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import validate


def test_the_document_is_valid(root: Path) -> None:
    validate(json.loads((root / "packages/stack/src/euterpe_stack/openapi.json").read_text()))


@pytest.mark.parametrize("what", ["openapi", "client"])
def test_what_is_generated_is_up_to_date(root: Path, what: str) -> None:
    command = [sys.executable, f"scripts/generate-{what}", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
