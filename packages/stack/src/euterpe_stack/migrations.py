"""Migrations of a service's schema, run in a separate process."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from euterpe_stack.process import ManagedProcess
from euterpe_stack.settings import child_environment

_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']+)["']""")


def newest_revision(service_directory: Path) -> str:
    """Return the latest revision, read from the files: starting Alembic would take a second."""
    revisions: set[str] = set()
    parents: set[str] = set()
    for file in (service_directory / "migrations" / "versions").glob("*.py"):
        for name, value in _REVISION.findall(file.read_text()):
            (revisions if name == "revision" else parents).update(_QUOTED.findall(value))
    (newest,) = revisions - parents
    return newest


def migration(
    service: str, service_directory: Path, url: str, *, log: Path, inherited: Sequence[int] = ()
) -> ManagedProcess:
    """Return the migration's process, not yet started."""
    command = [sys.executable, "-m", "alembic", "-c", str(service_directory / "alembic.ini"), "upgrade", "head"]
    environment = child_environment({f"EUTERPE_{service.upper()}_DATABASE_URL": url})
    return ManagedProcess(f"migration of {service}", command, log=log, env=environment, inherited=inherited)
