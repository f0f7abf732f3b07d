"""The product for benchmarks, started like `make run` on its own port and data directory."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from euterpe_stack.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[1]
_PASSWORD = "a bench, not a chair"


class Product:
    """A context manager that runs the product; entered again, it reuses its data."""

    def __init__(
        self,
        directory: Path,
        repository: Path = REPOSITORY,
        python: Path = Path(sys.executable),
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        #: Time from the start until all processes are ready.
        self.ready_seconds = 0.0
        self._repository = repository
        self._python = python
        own = {"EUTERPE_PORT": str(self.port), "EUTERPE_DATA": str(directory / "var")}
        # One account requests more pieces in a measurement than a person in a day.
        unlimited = {f"EUTERPE_GENERATOR_MAX_{name}_PER_DAY": "0" for name in ("REGISTERED", "GUEST")}
        self._environment = os.environ | unlimited | own | dict(settings)
        self._output = directory / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Product":
        started = time.perf_counter()
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [str(self._python), "-m", "euterpe_stack"],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._repository,
            )
        while not self._ready():
            if self._process.poll() is not None:
                raise SystemExit(f"the product did not start:\n{self._output.read_text()}")
            time.sleep(0.02)
        self.ready_seconds = time.perf_counter() - started
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def register(self, name: str) -> str:
        """Create an account and return an access token."""
        self._post("/api/v1/auth/users", {"username": name, "password": _PASSWORD})
        return self.log_in(name)

    def log_in(self, name: str) -> str:
        """Log in to an account that `register` created, and return an access token."""
        return str(self._open_session(name)["access_token"])

    def log_in_and_out(self, name: str) -> None:
        """Log in to an account that `register` created, and end the session."""
        tokens = self._open_session(name)
        self._post("/api/v1/auth/logout", {"refresh_token": tokens["refresh_token"]})

    def _open_session(self, name: str) -> Any:
        form = {"grant_type": "password", "username": name, "password": _PASSWORD}
        return self._post("/api/v1/auth/token", form, form=True)

    async def ended(self) -> int:
        """Return the number of ended generations, from the generator's metrics."""
        text = await asyncio.to_thread(self._metrics)
        names = ("euterpe_generator_request_success_total{", "euterpe_generator_request_failure_total{")
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(names)))

    async def drained(self) -> None:
        """Wait until the queue is empty and no generation has ended for a second."""
        seen = -1
        while (now := await self.ended()) != seen:
            seen = now
            await asyncio.sleep(1.0)

    def _metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._service_port('generator')}/metrics", timeout=10) as page:
            return str(page.read().decode())

    def _service_port(self, service: str) -> int:
        """Return a service's port, from its process' environment: the gateway does not expose /metrics."""
        return int(self.environment_of(service)[f"EUTERPE_{service.upper()}_PORT"])

    def pid_of(self, service: str) -> int:
        """Return the process id of the supervisor's child that runs the service's module."""
        for pid in children(self.pid):
            if f"euterpe_{service}" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        raise RuntimeError(f"{service} does not run")

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time of each process of the product, and of this process as `clients`."""
        spent = {"clients": time.process_time()}
        for pid in children(self.pid):
            name = part_of(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
            spent[name] = spent.get(name, 0.0) + _cpu_seconds(pid)
        return spent

    def environment_of(self, service: str) -> dict[str, str]:
        """Return the service's environment."""
        parts = Path(f"/proc/{self.pid_of(service)}/environ").read_text().split("\0")
        return dict(part.split("=", 1) for part in parts if "=" in part)

    def _post(self, path: str, data: dict[str, Any], *, form: bool = False) -> Any:
        body = urllib.parse.urlencode(data).encode() if form else json.dumps(data).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body, {"Content-Type": kind}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
            return json.loads(body) if body else None


def part_of(command: str) -> str:
    """Return the name of a child of the supervisor from its command line."""
    words = command.split()
    if "-m" in words:
        return words[words.index("-m") + 1].removeprefix("euterpe_")
    name = Path(words[0]).name
    return {"weed": "seaweedfs", "caddy": "gateway"}.get(name, name)


def children(pid: int) -> list[int]:
    """Return the process ids of the child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its children, including ended ones."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(_cpu_seconds, children(pid)))
    except OSError:
        return 0.0
