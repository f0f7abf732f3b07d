"""The whole product, started as `make run` starts it, in a directory and on a port of its own."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from euterpe_stack.ports import free_port

pytestmark = pytest.mark.e2e

REPOSITORY = Path(__file__).resolve().parents[2]
TEST_MODELS = REPOSITORY / "packages" / "music" / "tests" / "data"


class Product:
    """`python -m euterpe_stack`, and what can be seen of it from outside."""

    def __init__(self, directory: Path, models: Path | None = None) -> None:
        self._models = models
        self.data = directory / "var"
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.output = directory / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the product and waits until it says that it is ready."""
        self.launch()
        self.wait_for(lambda: b"Euterpe is ready" in self._new_output(), seconds=120)

    def launch(self) -> None:
        """Starts the product and returns at once."""
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
        """Where to start: the released models where there are some, else the one that is made for tests."""
        models = REPOSITORY / "models"
        chosen = self._models or (models if any(models.glob("*/*/manifest.json")) else TEST_MODELS)
        own = {"EUTERPE_PORT": str(self.port), "EUTERPE_DATA": str(self.data), "EUTERPE_MODELS": str(chosen)}
        return os.environ | own

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks the supervisor to end and returns its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends the supervisor as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    def running(self) -> bool:
        """Whether the supervisor lives."""
        return self._process is not None and self._process.poll() is None

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 60) -> None:
        """Waits; shows the output when the time is over or the supervisor ends first."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.running(), f"the supervisor ended:\n{self.output.read_text()}"
            assert time.monotonic() < deadline, f"waited in vain:\n{self.output.read_text()}"
            time.sleep(0.02)

    def processes(self) -> dict[int, str]:
        """Every process that was started for this product, or by one that was: id → command line."""
        mark = f"{self.data}/".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                try:
                    command = (entry / "cmdline").read_bytes()
                    # The services have the directory in their environment or open files, not on the command line.
                    opened = [str(link.readlink()).encode() for link in (entry / "fd").iterdir()]
                except OSError:
                    continue
                if mark in command or any(name.startswith(mark) for name in opened):
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode()
        return found

    def pid_of(self, part: str) -> int:
        """The process id of a service, or of `postgres`, `weed` or `caddy`."""
        words = [f"-m euterpe_{part} ", f"/{part} "]
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in map(int, children):
            command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if any(word in command for word in words):
                return child
        raise AssertionError(f"{part} does not run")

    def client(self, **options: Any) -> httpx.Client:
        """A client without a login."""
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=60, **options)

    def listener(self) -> httpx.Client:
        """A client that is logged in under a new name."""
        user = {"username": f"listener-{secrets.token_hex(4)}", "password": secrets.token_hex(8)}
        with self.client() as client:
            client.post("/auth/users", json=user).raise_for_status()
            answer = client.post("/auth/token", data={"grant_type": "password", **user}).raise_for_status()
        return self.client(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})

    def secrets(self) -> dict[str, Any]:
        """What the supervisor keeps to itself."""
        content: dict[str, Any] = json.loads((self.data / "secrets.json").read_text())
        return content

    def _new_output(self) -> bytes:
        return self.output.read_bytes()[self._read_from :]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all tests that leave it running."""
    product = Product(tmp_path_factory.mktemp("product"))
    product.start()
    yield product
    product.stop()


@pytest.fixture
def own_product(tmp_path: Path) -> Iterator[Product]:
    """A product that a test may stop and break."""
    product = Product(tmp_path)
    yield product
    if product.running():
        product.stop()


@pytest.fixture
def listener(product: Product) -> Iterator[httpx.Client]:
    """Somebody new, logged in."""
    with product.listener() as client:
        yield client


@pytest.fixture
def anonymous(product: Product) -> Iterator[httpx.Client]:
    """Somebody without an account."""
    with product.client() as client:
        yield client


@pytest.fixture(scope="session")
def longest(product: Product) -> int:
    """The longest piece that the default model composes."""
    with product.client() as client:
        models = client.get("/models").json()["items"]
    (default,) = [model for model in models if model["default"]]
    return int(default["length"]["maximum"])
