"""The whole product, started as by `make run`, with its own directory and port."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from euterpe_stack.ports import free_port

from tests.e2e.secret_recorder import SecretRecorder

REPOSITORY = Path(__file__).resolve().parents[2]
TEST_MODELS = REPOSITORY / "packages" / "music" / "tests" / "data"


class Product:
    """A process of `python -m euterpe_stack`, with clients of its API."""

    def __init__(self, directory: Path, models: Path | None = None) -> None:
        self._models = models
        self.data = directory / "var"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.output = directory / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self.recorder = SecretRecorder()

    def start(self) -> None:
        """Start the product and wait until it is ready."""
        self.launch()
        # The supervisor gives up after 120 seconds, and says what was not ready.
        self.wait_for(lambda: b"Euterpe is ready" in self._new_output(), seconds=150)

    def launch(self) -> None:
        """Start the product without waiting."""
        self._read_from = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "euterpe_stack"],
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
            )

    def environment(self) -> dict[str, str]:
        """Return the environment variables: with the released models if there are any, else with the test model."""
        models = REPOSITORY / "models"
        chosen = self._models or (models if any(models.glob("*/*/manifest.json")) else TEST_MODELS)
        own = {"EUTERPE_PORT": str(self.port), "EUTERPE_DATA": str(self.data), "EUTERPE_MODELS": str(chosen)}
        return os.environ | own

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the supervisor and return its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill the supervisor."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Return the process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    @property
    def address(self) -> dict[str, Any]:
        """Return what another process needs to use this product."""
        return {"directory": str(self.data.parent), "url": self.url, "port": self.port, "pid": self.pid}

    def is_running(self) -> bool:
        """Return whether the supervisor runs."""
        return self._process is not None and self._process.poll() is None

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait for a condition; fail with the output after `seconds` or if the supervisor ends first."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.is_running(), f"the supervisor ended:\n{self.output.read_text()}"
            assert time.monotonic() < deadline, f"timeout after {seconds} s:\n{self.output.read_text()}"
            time.sleep(0.02)

    def processes(self) -> dict[int, str]:
        """Return all processes of this product: process id → command line."""
        mark = f"{self.data}/".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                try:
                    command = (entry / "cmdline").read_bytes()
                    # Services are recognized by their open files, as the directory is not on their command line.
                    opened = [str(link.readlink()).encode() for link in (entry / "fd").iterdir()]
                except OSError:
                    continue
                if mark in command or any(name.startswith(mark) for name in opened):
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode()
        return found

    def pid_of(self, part: str) -> int:
        """Return the process id of a service, or of `postgres`, `weed` or `caddy`."""
        words = [f"-m euterpe_{part} ", f"/{part} "]
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in map(int, children):
            command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if any(word in command for word in words):
                return child
        raise AssertionError(f"{part} does not run")

    def client(self, **options: Any) -> httpx.Client:
        """Return a client without a login."""
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=60, event_hooks=self.recorder.hooks, **options)

    def log_in_new_user(self) -> httpx.Client:
        """Register a user; return a client that is logged in."""
        account = {"username": f"user-{secrets.token_hex(4)}", "password": secrets.token_hex(8)}
        with self.client() as client:
            client.post("/auth/users", json=account).raise_for_status()
            response = client.post("/auth/token", data={"grant_type": "password", **account}).raise_for_status()
        return self.client(headers={"Authorization": f"Bearer {response.json()['access_token']}"})

    def secrets(self) -> dict[str, Any]:
        """Return the secrets of the installation."""
        content: dict[str, Any] = json.loads((self.data / "secrets.json").read_text())
        return content

    def _new_output(self) -> bytes:
        return self.output.read_bytes()[self._read_from :]


class RunningProduct(Product):
    """A product that another process started."""

    def __init__(self, address: dict[str, Any]) -> None:
        super().__init__(Path(address["directory"]))
        self.url, self.port, self._pid = address["url"], address["port"], address["pid"]

    @property
    def pid(self) -> int:
        """Return the process id of the supervisor."""
        return int(self._pid)

    def is_running(self) -> bool:
        """Return whether the supervisor runs."""
        return Path(f"/proc/{self._pid}").exists()
