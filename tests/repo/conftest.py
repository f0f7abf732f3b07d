"""Fixtures of the checks on the repository itself."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root directory."""
    return Path(__file__).parents[2]
