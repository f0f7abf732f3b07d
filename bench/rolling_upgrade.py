"""`make rolling-upgrade`: every service is replaced, pod by pod, under load; then what failed or was lost is counted.

The chart's own Caddyfile is the gateway, with two pods of everything behind Services as Kubernetes has them (pods.py).
PostgreSQL and S3 are those of `make run`. Listeners keep their connections to the gateway and repeat nothing.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml
from http_client import Connection
from pods import Deployment, Service, without_supervisor
from product import REPOSITORY, Product

SERVICES = ("auth", "library", "generator", "converter")
CHART = REPOSITORY / "deploy/helm/euterpe"
REPLICAS = 2
CLIENTS = 4
DRAIN_SECONDS = "6"
#: A listener's requests beside orders: they read the library, the catalogue and the account, and listen.
READS = ("/api/v1/models", "/api/v1/songs?limit=5", "/api/v1/auth/me")


class Cluster:
    """Deployments over the product's database and bucket."""

    def __init__(self, product: Product, directory: Path, pre_stop_seconds: float) -> None:
        self._directory = directory
        self._pre_stop = pre_stop_seconds
        self._base = {name: product.environment_of(name) for name in SERVICES}
        self.http = {name: Service() for name in (*SERVICES, "web")}
        self.rpc = {name: Service() for name in ("library", "generator")}
        self.deployments = {name: self._service(name) for name in SERVICES}
        self.deployments["generator-worker"] = self._service("generator", worker=True)
        self.deployments["web"] = self._gateway()

    async def start(self) -> None:
        """Two ready pods of everything."""
        for service in (*self.http.values(), *self.rpc.values()):
            await service.start()
        for deployment in self.deployments.values():
            await deployment.scale(REPLICAS)

    async def stop(self) -> None:
        """Ends all."""
        for deployment in reversed(self.deployments.values()):
            await deployment.stop()
        for service in (*self.http.values(), *self.rpc.values()):
            await service.stop()

    def _service(self, name: str, *, worker: bool = False) -> Deployment:
        prefix = f"EUTERPE_{name.upper()}_"

        def variables(ports: dict[str, int]) -> dict[str, str]:
            own = {"PORT": ports["http"], "GRPC_PORT": ports["rpc"], "DRAIN_SECONDS": 0 if worker else DRAIN_SECONDS}
            own |= {"JWKS_URL": f"http://127.0.0.1:{self.http['auth'].port}/.well-known/jwks.json"}
            own |= {"PEER__TOKEN_URL": f"http://127.0.0.1:{self.http['auth'].port}/api/v1/auth/service-token"}
            own |= {f"{peer.upper()}_TARGET": f"127.0.0.1:{service.port}" for peer, service in self.rpc.items()}
            own |= {"SHUTDOWN_GRACE_SECONDS": 60, "WORKER_ENABLED": str(worker), "WORKER_ID": f"pod-{ports['http']}"}
            return without_supervisor(self._base[name] | {prefix + key: str(value) for key, value in own.items()})

        services = {} if worker else {"http": self.http[name]}
        if name in self.rpc and not worker:
            services["rpc"] = self.rpc[name]
        log = self._directory / f"{name}{'-worker' if worker else ''}.log"
        command = [sys.executable, "-m", f"euterpe_{name}"]
        return Deployment(name, lambda _: command, variables, services, log, 0 if worker else self._pre_stop)

    def _gateway(self) -> Deployment:
        text = _caddyfile()
        for name in SERVICES:
            text = text.replace(f"euterpe-{name}:8000", f"127.0.0.1:{self.http[name].port}")
        text = text.replace("/etc/euterpe", str(REPOSITORY / "deploy/images/web"))

        def command(ports: dict[str, int]) -> list[str]:
            config = self._directory / f"Caddyfile-{ports['http']}"
            here = text.replace(":8001 {", f"http://127.0.0.1:{ports['metrics']} {{")
            config.write_text(here.replace(":8000 {", f"http://127.0.0.1:{ports['http']} {{"))
            caddy = Path(sysconfig.get_path("scripts")) / "caddy"
            return [str(caddy), "run", "--config", str(config), "--adapter", "caddyfile"]

        home = {"XDG_DATA_HOME": str(self._directory), "XDG_CONFIG_HOME": str(self._directory)}
        return Deployment(
            "web",
            command,
            lambda _: without_supervisor(home),
            {"http": self.http["web"]},
            self._directory / "web.log",
            self._pre_stop,
            probe="metrics",
        )


def _caddyfile() -> str:
    values: dict[str, Any] = {name: {"existingSecret": name} for name in SERVICES}
    values |= {"gateway": {"enabled": True}, "drainSeconds": int(DRAIN_SECONDS)}
    with helm.Chart.load(CHART) as chart:
        rendered = chart.render(values, name="euterpe", namespace="music")
    documents = (part for path, text in rendered.items() if "web" in path for part in yaml.safe_load_all(text))
    (config,) = (part for part in documents if part and part["kind"] == "ConfigMap")
    return str(config["data"]["Caddyfile"])


class Load:
    """What listeners do, until told to stop."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.stopped = False
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.acknowledged: list[str] = []
        self.longest = 0.0

    async def order(self) -> None:
        """Orders pieces."""
        connection = Connection("127.0.0.1", self._port, token=self._token)
        while not self.stopped:
            answer = await self._ask(connection, "POST", "/api/v1/generations", {"length": 200}, expected=202)
            if answer is not None:
                self.acknowledged.append(answer["id"])
            await asyncio.sleep(0.2)

    async def read(self) -> None:
        """Looks at this and that."""
        connection = Connection("127.0.0.1", self._port, token=self._token)
        while not self.stopped:
            for path in READS:
                await self._ask(connection, "GET", path)
            songs = await self._ask(connection, "GET", "/api/v1/songs?limit=1")
            for song in (songs or {}).get("items", []):
                await self._ask(connection, "GET", f"/api/v1/audio/{song['id']}.mp3", body_is_json=False)

    async def _ask(
        self,
        connection: Connection,
        method: str,
        path: str,
        body: Any = None,
        *,
        expected: int = 200,
        body_is_json: bool = True,
    ) -> Any:
        began = time.monotonic()
        try:
            answer = await connection.request(method, path, body)
        except (OSError, EOFError) as error:
            connection.close()
            self.failures.append(f"{method} {path}: {error!r}")
            return None
        self.longest = max(self.longest, time.monotonic() - began)
        self.answers[str(answer.status)] += 1
        if answer.status != expected:
            self.failures.append(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
            return None
        return answer.json() if body_is_json else None


async def unfinished(port: int, token: str, ids: list[str]) -> list[str]:
    """The pieces that did not come about; waits for each."""
    connection = Connection("127.0.0.1", port, token=token)
    lost = []
    for generation_id in ids:
        while True:
            piece = (await connection.request("GET", f"/api/v1/generations/{generation_id}")).json()
            if piece["finished_at"]:
                break
            await asyncio.sleep(0.2)
        if piece["status"] != "succeeded" or not piece["song_id"]:
            lost.append(f"{generation_id}: {piece['status']}")
    connection.close()
    return lost


async def measure(product: Product, directory: Path, pre_stop_seconds: float) -> dict[str, Any]:
    """Rolls everything under load."""
    token = product.register("listener")
    cluster = Cluster(product, directory, pre_stop_seconds)
    put_aside(product)
    await cluster.start()
    port = cluster.http["web"].port
    load = Load(port, token)
    tasks = [asyncio.create_task(work()) for _ in range(CLIENTS) for work in (load.order, load.read)]
    await asyncio.sleep(3)
    figures: dict[str, Any] = {}
    for name, deployment in cluster.deployments.items():
        began, before = time.monotonic(), len(load.failures)
        await deployment.roll()
        seconds, failed = round(time.monotonic() - began, 1), len(load.failures) - before
        print(f"{name:18}{REPLICAS} pods replaced in {seconds:6.1f} s {failed:6} failed requests", flush=True)
    await asyncio.sleep(2)
    load.stopped = True
    await asyncio.gather(*tasks)
    lost = await unfinished(port, token, load.acknowledged)
    await cluster.stop()
    for line in (load.failures + lost)[:20]:
        print(line)
    figures |= {"requests": sum(load.answers.values()), "failed": len(load.failures)}
    figures |= {"generations": len(load.acknowledged), "lost": len(lost), "longest_s": round(load.longest, 2)}
    return figures


def put_aside(product: Product) -> None:
    """Leaves of the product only PostgreSQL and S3: its supervisor sleeps, and so starts nothing again."""
    pids = [product.pid_of(name) for name in SERVICES]
    os.kill(product.pid, signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)


def main() -> None:
    """Starts the product, rolls; fails when a request failed or a piece was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pre-stop", type=float, default=1.0, help="seconds between a pod's endpoint and its SIGTERM")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory)) as product:
        try:
            figures = asyncio.run(measure(product, Path(directory), options.pre_stop))
        finally:
            with suppress(ProcessLookupError):
                os.kill(product.pid, signal.SIGCONT)
    print(json.dumps(figures))
    sys.exit(0 if figures["failed"] == figures["lost"] == 0 else 1)


if __name__ == "__main__":
    main()
