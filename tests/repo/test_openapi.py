"""The committed OpenAPI document is the one that the services have."""

import json
import subprocess
import sys
from pathlib import Path

from openapi_spec_validator import validate


def test_the_document_is_valid(root: Path) -> None:
    validate(json.loads((root / "packages/stack/src/euterpe_stack/openapi.json").read_text()))


def test_the_document_is_up_to_date(root: Path) -> None:
    command = [sys.executable, "scripts/generate-openapi", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
