"""The pages name instruments as the table of General MIDI does."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_pages_instrument_names_are_those_of_the_table() -> None:
    command = [sys.executable, str(REPOSITORY / "scripts/generate-names"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
