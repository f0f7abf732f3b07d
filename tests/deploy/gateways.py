"""Each gateway as a running Caddy, all of whose services are one server of a test."""

import re
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from euterpe_stack.gateway import CONFIGURATION, caddy_environment
from euterpe_stack.ports import accepts_connections, free_port
from euterpe_stack.process import ManagedProcess
from euterpe_stack.services import SERVICE_NAMES

from tests.deploy.rendering import REPOSITORY, Render, one, values_of

GATEWAYS = ["one machine", "chart", "web image"]
_DIRECTORY = REPOSITORY / "deploy/gateway"


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    port: int
    pid: int


@contextmanager
def running_gateway(kind: str, render: Render, service_port: int, directory: Path) -> Iterator[Gateway]:
    """Run the gateway of this kind, in an empty directory, with one server in place of all services."""
    port = free_port()
    if kind == "one machine":
        environment = caddy_environment(port, dict.fromkeys(SERVICE_NAMES, service_port))
        with _running(CONFIGURATION, environment, directory, port) as pid:
            yield Gateway(port, pid)
        return
    if kind == "chart":
        found = render(values_of("values-small.yaml"), bare=True)
        text = one(found, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
        text = re.sub(r"euterpe-\w+:8000", f"127.0.0.1:{service_port}", text)
    else:
        text = (_DIRECTORY / "web-image.caddy").read_text()
    text = re.sub(r"(?m)^:8000", f"http://:{port}", text)
    text = re.sub(r"(?m)^:8001", f"http://:{free_port()}", text)
    configuration = directory / "Caddyfile"
    configuration.write_text(text.replace("/etc/euterpe", str(_DIRECTORY)))
    environment = {"EUTERPE_PAGES": str(directory), "EUTERPE_LIBRARY": f"127.0.0.1:{service_port}"}
    (directory / "index.html").write_text("the pages")
    (directory / "style.css").write_text("")
    with _running(configuration, environment, directory, port) as pid:
        yield Gateway(port, pid)


@contextmanager
def _running(configuration: Path, environment: dict[str, str], directory: Path, port: int) -> Iterator[int]:
    caddy = str(Path(sysconfig.get_path("scripts")) / "caddy")
    command = [caddy, "run", "--config", str(configuration), "--adapter", "caddyfile"]
    process = ManagedProcess("gateway", command, log=directory / "log", env=environment | {"HOME": str(directory)})
    process.start()
    try:
        process.wait_until(lambda: accepts_connections(port), seconds=20)
        yield process.pid
    finally:
        process.kill()
