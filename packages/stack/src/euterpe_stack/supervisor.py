"""Starts all parts, keeps them running, and stops them in order.

Everything happens in one thread: children get their parent's death signal from the thread that made them, and one
loop is easier to follow than ten waiting threads.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from euterpe_stack import bootstrap, migrations, secret_file
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.gateway import gateway_process
from euterpe_stack.loopback import require_free
from euterpe_stack.object_store import SeaweedFs
from euterpe_stack.part import Part, Say
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
    answers_ready,
    s3_users,
    service_process,
)
from euterpe_stack.settings import REPOSITORY, StackSettings
from euterpe_stack.stop_request import StopRequest

#: Who is stopped together, and the seconds they get: callers before those whom they call.
_STOP_ORDER = (
    (("gateway",), 4.0),
    (("generator", "converter"), 6.0),
    (("library",), 5.0),
    (("auth",), 5.0),
    (("seaweedfs", "postgres"), 8.0),
)
_PAUSE = 0.05


@dataclass(slots=True)
class _Infrastructure:
    postgres: Postgres
    store: SeaweedFs
    environments: ServiceEnvironments


class Supervisor:
    """One running product. `say` gets a sentence whenever something happens that an operator wants to know."""

    def __init__(self, settings: StackSettings, say: Say, stop: StopRequest) -> None:
        self._settings = settings
        self._say = say
        self._stop = stop
        self._data = DataDirectory(settings.data)
        self._parts: dict[str, Part] = {}
        self._migrations: dict[str, ManagedProcess] = {}

    def start(self, *, seconds: float = 120) -> None:
        """Starts everything and returns when all is ready.

        Raises StackError or ProcessFailedError, with one message for the operator, when that cannot be, and
        StopRequested.
        """
        deadline = time.monotonic() + seconds
        self._data.acquire(self._stop.pause)
        require_free(self._settings.port)
        claim_port(self._settings.port)
        secrets = secret_file.load_or_create(self._settings.data / "secrets.json", SERVICE_NAMES)
        infrastructure = self._assemble(secrets)
        self._stop.check()
        # What needs no database starts while that is being made.
        for name in ("seaweedfs", "converter", "gateway", "postgres"):
            self._parts[name].start()
        self._wait(lambda: self._parts["postgres"].ready, "postgres", deadline)
        self._prepare_database(infrastructure.postgres, secrets)
        self._start_services(infrastructure.environments, deadline)
        for name, part in self._parts.items():
            self._wait(lambda part=part: part.ready, name, deadline)  # type: ignore[misc]

    def watch(self) -> None:
        """Starts again what ends, until StopRequested is raised."""
        while True:
            self._look()
            self._stop.pause(2 * _PAUSE)

    def stop(self) -> None:
        """Stops everything in order; what does not end in time is killed."""
        for process in self._migrations.values():
            process.request_stop()
            process.wait_stopped(5)
        for names, seconds in _STOP_ORDER:
            parts = [self._parts[name] for name in names if name in self._parts]
            for part in parts:
                part.request_stop()
            for part in parts:
                part.stop(seconds)
        self._data.release()

    def pids(self) -> dict[str, int]:
        """The process ids of what runs, by name."""
        return {name: part.process().pid for name, part in self._parts.items() if part.started}

    def _assemble(self, secrets: Secrets) -> _Infrastructure:
        data, inherited = self._data, (self._data.children_lock,)
        postgres = Postgres(
            data.path / "postgres",
            password=secrets.postgres_superuser_password,
            log=data.log("postgres"),
            inherited=inherited,
        )
        store = SeaweedFs(
            data.path / "s3",
            credentials=secrets.s3_admin,
            log=data.log("seaweedfs"),
            users=s3_users(secrets),
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
        gateway = gateway_process(self._settings.port, ports.http, data, pages=pages, inherited=inherited)
        self._add_process(gateway, self._settings.port)
        return _Infrastructure(postgres, store, environments)

    def _add_process(self, process: ManagedProcess, port: int) -> None:
        self._add(process.name, process.start, lambda: answers_ready(port), lambda: process)

    def _add(
        self,
        name: str,
        launch: Callable[[], None],
        answers: Callable[[], bool],
        process: Callable[[], ManagedProcess],
    ) -> None:
        self._parts[name] = Part(name, launch, answers, process)

    def _prepare_database(self, postgres: Postgres, secrets: Secrets) -> None:
        passwords = {spec.name: secrets.database_passwords[spec.name] for spec in SERVICES if spec.has_database}
        asyncio.run(
            bootstrap.prepare_database(
                postgres.port, postgres.superuser, secrets.postgres_superuser_password, passwords
            )
        )

    def _start_services(self, environments: ServiceEnvironments, deadline: float) -> None:
        """Starts each service as soon as its own schema is up to date."""
        for spec in SERVICES:
            if not spec.has_database:
                continue
            directory = REPOSITORY / "services" / spec.name
            url = environments.database_url(spec.name)
            if asyncio.run(bootstrap.current_revision(url, spec.name)) == migrations.newest_revision(directory):
                self._parts[spec.name].start()
                continue
            process = migrations.migration(
                spec.name, directory, url, log=self._data.log("migrations"), inherited=(self._data.children_lock,)
            )
            process.start()
            self._migrations[spec.name] = process
        self._wait(self._migrated, "the migrations", deadline)

    def _migrated(self) -> bool:
        for service, process in list(self._migrations.items()):
            if process.running():
                continue
            if process.exit_code() != 0:
                raise ProcessFailedError(f"The {process.name} failed; {process.log} ends:\n{process.log_tail()}")
            del self._migrations[service]
            self._parts[service].start()
        return not self._migrations

    def _wait(self, condition: Callable[[], bool], what: str, deadline: float) -> None:
        while not condition():
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"Waited too long for {what}; the logs are in {self._data.logs}.")
            self._look()
            self._stop.pause(_PAUSE)

    def _look(self) -> None:
        for part in self._parts.values():
            if part.started:
                part.look(self._say)
