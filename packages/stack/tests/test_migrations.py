"""The latest revision is found without starting Alembic."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from euterpe_stack.migrations import newest_revision
from euterpe_stack.services import SERVICES


@pytest.mark.parametrize("service", [spec.name for spec in SERVICES if spec.has_database])
def test_the_latest_revision_agrees_with_alembic(repository_root: Path, service: str) -> None:
    directory = repository_root / "services" / service
    assert newest_revision(directory) == ScriptDirectory(str(directory / "migrations")).get_current_head()


def test_typed_and_branched_revisions_are_parsed(tmp_path: Path) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "a.py").write_text('revision = "a"\ndown_revision = None\n')
    (versions / "b.py").write_text("revision: str = 'b'\ndown_revision: str | None = 'a'\n")
    (versions / "c.py").write_text('revision = "c"\ndown_revision = "a"\n')
    (versions / "d.py").write_text('revision = "d"\ndown_revision = ("b", "c")\n')
    assert newest_revision(tmp_path) == "d"
