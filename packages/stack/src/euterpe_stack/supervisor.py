"""Starts all processes, restarts those that end, and stops them in order.

There is one thread, as children get the parent-death signal when the thread that created them ends.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from euterpe_stack import bootstrap, migrations, secret_file
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.gateway import gateway_process
from euterpe_stack.loopback import require_free
from euterpe_stack.object_store import SeaweedFs
from euterpe_stack.ports import claim_port
from euterpe_stack.postgres import Postgres
from euterpe_stack.process import ManagedProcess, ProcessFailedError
from euterpe_stack.secret_file import Secrets
from euterpe_stack.services import (
    BUCKET,
    SERVICE_NAMES,
    SERVICES,
    ServiceEnvironments,
    ServicePorts,
    is_ready,
    s3_users,
    service_process,
)
from euterpe_stack.settings import REPOSITORY, StackSettings
from euterpe_stack.stop_request import StopRequest
from euterpe_stack.supervised_process import Report, SupervisedProcess

#: Processes that are stopped together, callers first, and their time limit in seconds.
_STOP_ORDER = (
    (("gateway",), 4.0),
    (("generator", "converter"), 6.0),
    (("library",), 5.0),
    (("auth",), 5.0),
    (("seaweedfs", "postgres"), 8.0),
)
_POLL_SECONDS = 0.05


@dataclass(slots=True)
class _Infrastructure:
    postgres: Postgres
    store: SeaweedFs
    environments: ServiceEnvironments


class Supervisor:
    """One running product. `report` is called with one sentence for the operator at each event."""

    def __init__(self, settings: StackSettings, report: Report, stop: StopRequest) -> None:
        self._settings = settings
        self._report = report
        self._stop = stop
        self._data = DataDirectory(settings.data)
        self._processes: dict[str, SupervisedProcess] = {}
        self._migrations: dict[str, ManagedProcess] = {}

    def start(self, *, seconds: float = 120) -> None:
        """Start all processes and wait until they are ready.

        Raises StackError or ProcessFailedError, with a message for the operator, and StopRequested.
        """
        deadline = time.monotonic() + seconds
        self._data.acquire(self._stop.pause)
        require_free(self._settings.port, self._settings.access.bind)
        claim_port(self._settings.port)
        secrets = secret_file.load_or_create(self._settings.data / "secrets.json", SERVICE_NAMES)
        infrastructure = self._assemble(secrets)
        # For `euterpe-admin`; the ports differ at each start.
        self._data.addresses.write_text(json.dumps(infrastructure.environments.addresses()))
        self._stop.check()
        # These start while the database is created.
        for name in ("seaweedfs", "converter", "gateway", "postgres"):
            self._processes[name].start()
        self._wait(lambda: self._processes["postgres"].ready, "postgres", deadline)
        self._prepare_database(infrastructure.postgres, secrets)
        self._start_services(infrastructure.environments, deadline)
        for name, process in self._processes.items():
            self._wait(lambda process=process: process.ready, name, deadline)  # type: ignore[misc]

    def watch(self) -> None:
        """Restart processes that end, until StopRequested is raised."""
        while True:
            self._check()
            self._stop.pause(2 * _POLL_SECONDS)

    def stop(self) -> None:
        """Stop all processes in order; kill those that do not end in time."""
        for migration in self._migrations.values():
            migration.request_stop()
            migration.wait_stopped(5)
        for names, seconds in _STOP_ORDER:
            group = [self._processes[name] for name in names if name in self._processes]
            for process in group:
                process.request_stop()
            for process in group:
                process.stop(seconds)
        self._data.release()

    def pids(self) -> dict[str, int]:
        """Return the process ids of the started processes by name."""
        return {name: process.process().pid for name, process in self._processes.items() if process.started}

    def _assemble(self, secrets: Secrets) -> _Infrastructure:
        data, inherited = self._data, (self._data.children_lock,)
        postgres = Postgres(
            data.path / "postgres",
            password=secrets.postgres_superuser_password,
            log=data.log("postgres"),
            shared_buffers=self._settings.shared_buffers,
            inherited=inherited,
        )
        store = SeaweedFs(
            data.path / "s3",
            credentials=secrets.s3_admin,
            log=data.log("seaweedfs"),
            users=s3_users(secrets, self._settings),
            inherited=inherited,
        )
        ports = ServicePorts()
        environments = ServiceEnvironments(self._settings, secrets, ports, postgres, store.endpoint_url)
        self._add("postgres", postgres.launch, postgres.is_ready, lambda: postgres.process)
        self._add("seaweedfs", store.start, lambda: store.is_ready(BUCKET), lambda: store.process)
        for spec in SERVICES:
            process = service_process(spec, environments.of(spec), data, inherited=inherited)
            self._add_process(process, ports.http[spec.name])
        pages = REPOSITORY / "web" / "dist"
        access, port = self._settings.access, self._settings.port
        gateway = gateway_process(port, ports.http, data, pages=pages, access=access, inherited=inherited)
        self._add(gateway.name, gateway.start, lambda: is_ready(port, is_tls=access.scheme == "https"), lambda: gateway)
        return _Infrastructure(postgres, store, environments)

    def _add_process(self, process: ManagedProcess, port: int) -> None:
        self._add(process.name, process.start, lambda: is_ready(port), lambda: process)

    def _add(
        self,
        name: str,
        launch: Callable[[], None],
        ready: Callable[[], bool],
        process: Callable[[], ManagedProcess],
    ) -> None:
        self._processes[name] = SupervisedProcess(name, launch, ready, process)

    def _prepare_database(self, postgres: Postgres, secrets: Secrets) -> None:
        passwords = {spec.name: secrets.database_passwords[spec.name] for spec in SERVICES if spec.has_database}
        asyncio.run(
            bootstrap.prepare_database(
                postgres.port, postgres.superuser, secrets.postgres_superuser_password, passwords
            )
        )

    def _start_services(self, environments: ServiceEnvironments, deadline: float) -> None:
        """Start each service as soon as its schema is up to date."""
        for spec in SERVICES:
            if not spec.has_database:
                continue
            directory = REPOSITORY / "services" / spec.name
            url = environments.database_url(spec.name)
            if asyncio.run(bootstrap.current_revision(url, spec.name)) == migrations.newest_revision(directory):
                self._processes[spec.name].start()
                continue
            process = migrations.migration(
                spec.name, directory, url, log=self._data.log("migrations"), inherited=(self._data.children_lock,)
            )
            process.start()
            self._migrations[spec.name] = process
        self._wait(self._migrated, "The database migration", deadline)

    def _migrated(self) -> bool:
        for service, process in list(self._migrations.items()):
            if process.is_running():
                continue
            if process.exit_code() != 0:
                raise ProcessFailedError(
                    f"The {process.name} failed. Its log {process.log} ends:\n{process.log_tail()}"
                )
            del self._migrations[service]
            self._processes[service].start()
        return not self._migrations

    def _wait(self, condition: Callable[[], bool], what: str, deadline: float) -> None:
        while not condition():
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"{what} was not ready in time; the logs are in {self._data.logs}.")
            self._check()
            self._stop.pause(_POLL_SECONDS)

    def _check(self) -> None:
        for process in self._processes.values():
            if process.started:
                process.check(self._report)
