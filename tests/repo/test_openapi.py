"""The committed OpenAPI document is the one that the services have."""

import subprocess
import sys
from pathlib import Path


def test_the_document_is_up_to_date(root: Path) -> None:
    command = [sys.executable, "scripts/generate-openapi", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
