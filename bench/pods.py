"""Simulates Kubernetes with processes: Services choose an endpoint per connection, pods are replaced.

The order is that of Kubernetes: a new pod is ready before it gets traffic; a terminating pod loses its endpoint, runs
preStop, gets SIGTERM, and is killed after its grace period.
"""

import asyncio
import contextlib
import os
import random
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from euterpe_stack.ports import free_port

START_SECONDS = 180
GRACE_SECONDS = 90
#: Time from a container's end until all proxies have removed it.
NOTICE_SECONDS = 1.0


class Service:
    """A ClusterIP: forwards each new connection to one of its endpoints; open connections keep theirs.

    A cluster refuses connections to an ended endpoint, and Caddy dials again. Here the connection is accepted first, so
    with `redials` the Service tries another endpoint itself.
    """

    def __init__(self, *, redials: bool = False) -> None:
        self.port = free_port()
        self._redials = redials
        self.endpoints: list[int] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start listening."""
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port, backlog=512)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await self._dial()
        if far is None:
            writer.transport.abort()
            return
        far_reader, far_writer = far
        ways = [asyncio.create_task(_copy(reader, far_writer)), asyncio.create_task(_copy(far_reader, writer))]
        self._connections.update(ways)
        await asyncio.gather(*ways, return_exceptions=True)
        self._connections.difference_update(ways)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for port in random.sample(self.endpoints, len(self.endpoints)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
            if not self._redials:
                break
        return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


@dataclass
class Pod:
    """A process with its own ports."""

    process: subprocess.Popen[bytes]
    ports: dict[str, int]
    ready_path: str


@dataclass
class Deployment:
    """Replicas of one command. `variables` gives the environment for the ports of a pod, by the names in `services`."""

    name: str
    command: Callable[[dict[str, int]], list[str]]
    variables: Callable[[dict[str, int]], dict[str, str]]
    services: dict[str, Service]
    log: Path
    pre_stop_seconds: float
    probe: str = "http"
    pods: list[Pod] = field(default_factory=list)

    async def scale(self, replicas: int) -> None:
        """Start pods, or terminate the oldest ones."""
        for pod in [self._launch() for _ in range(replicas - len(self.pods))]:
            await self._admit(pod)
        await asyncio.gather(*(self.remove(pod) for pod in self.pods[: len(self.pods) - replicas]))

    async def roll(self) -> None:
        """Replace every pod: maxSurge 1, maxUnavailable 0."""
        for old in list(self.pods):
            await self._admit(self._launch())
            await self.remove(old)

    async def remove(self, pod: Pod) -> None:
        """Remove a pod from its Services, and terminate it."""
        self.pods.remove(pod)
        self._remove_endpoints(pod)
        await asyncio.sleep(self.pre_stop_seconds)
        pod.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while pod.process.poll() is None:
            if time.monotonic() > deadline:
                pod.process.kill()
                raise SystemExit(f"{self.name} did not end within {GRACE_SECONDS} s of SIGTERM; see {self.log}")
            await asyncio.sleep(0.05)

    async def kill(self, pod: Pod) -> None:
        """Kill a pod. Its endpoint is removed later, and another pod is started."""
        pod.process.kill()
        await asyncio.to_thread(pod.process.wait)
        await asyncio.sleep(NOTICE_SECONDS)
        self.pods.remove(pod)
        self._remove_endpoints(pod)
        await self._admit(self._launch())

    async def stop(self) -> None:
        """Kill all pods."""
        for pod in self.pods:
            pod.process.terminate()
        for pod in self.pods:
            await asyncio.to_thread(pod.process.wait, GRACE_SECONDS)

    def _remove_endpoints(self, pod: Pod) -> None:
        for name, service in self.services.items():
            service.endpoints.remove(pod.ports[name])

    def _launch(self) -> Pod:
        ports = {name: free_port() for name in {*self.services, "http", "rpc", self.probe}}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command(ports), env=self.variables(ports), stdout=log, stderr=log, start_new_session=True
            )
        return Pod(process, ports, f"http://127.0.0.1:{ports[self.probe]}/readyz")

    async def _admit(self, pod: Pod) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await asyncio.to_thread(_is_ready, pod.ready_path):
            if pod.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.name} did not get ready; see {self.log}")
            await asyncio.sleep(0.1)
        self.pods.append(pod)
        for name, service in self.services.items():
            service.endpoints.append(pod.ports[name])


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def without_supervisor(environment: dict[str, str]) -> dict[str, str]:
    """Return a service's environment, with the variables that this machine's programs need."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | environment
