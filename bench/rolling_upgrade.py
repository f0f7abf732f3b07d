"""`make rolling-upgrade`: upgrade, scale and kill the product's pods under load, then count failures.

The gateway has the chart's Caddyfile; every component has two pods behind simulated Services (pods.py). PostgreSQL and
S3 are those of `make run`. Users keep their connections to the gateway and do not retry.
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
from contextlib import suppress
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml
from pods import Deployment, Service, without_supervisor
from product import REPOSITORY, Product
from simulated_users import Load, songs, unfinished

SERVICES = ("auth", "library", "generator", "converter")
CHART = REPOSITORY / "deploy/helm/euterpe"
REPLICAS = 2
#: Number of users who request generations, who read and play songs, and who follow progress.
CLIENTS = 3
DRAIN_SECONDS = "6"


class Cluster:
    """Deployments with the product's database and bucket."""

    def __init__(self, product: Product, directory: Path, pre_stop_seconds: float) -> None:
        self._directory = directory
        self._pre_stop = pre_stop_seconds
        self._base = {name: product.environment_of(name) for name in SERVICES}
        self.http = {name: Service(redials=True) for name in SERVICES} | {"web": Service()}
        self.rpc = {name: Service() for name in ("library", "generator")}
        self.deployments = {name: self._service(name) for name in SERVICES}
        self.deployments["generator-worker"] = self._service("generator", worker=True)
        self.deployments["web"] = self._gateway()

    async def start(self) -> None:
        """Start two pods of every component."""
        for service in (*self.http.values(), *self.rpc.values()):
            await service.start()
        for deployment in self.deployments.values():
            await deployment.scale(REPLICAS)

    async def stop(self) -> None:
        """Stop all pods."""
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
        text = text.replace("/etc/euterpe", str(REPOSITORY / "deploy/gateway"))

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


async def measure(product: Product, directory: Path, pre_stop_seconds: float, *, kill: bool) -> dict[str, Any]:
    """Upgrade, scale and optionally kill all components under load."""
    token = product.register("user")
    cluster = Cluster(product, directory, pre_stop_seconds)
    put_aside(product)
    await cluster.start()
    port = cluster.http["web"].port
    load = Load(port, token)
    works = [work for work in (load.request_generations, load.read, load.follow) for _ in range(CLIENTS)]
    tasks = [asyncio.create_task(work()) for work in works]
    await asyncio.sleep(3)
    figures: dict[str, Any] = {}
    for name, phase in PHASES.items() if kill else list(PHASES.items())[:2]:
        began, before = time.monotonic(), len(load.failures)
        await phase(cluster)
        failed = len(load.failures) - before
        figures[f"failed_{name}"] = failed
        print(f"{name:10}{time.monotonic() - began:8.1f} s {failed:6} failed requests", flush=True)
    await asyncio.sleep(2)
    load.stopped = True
    await asyncio.gather(*tasks)
    figures |= await count(load, port, token)
    await cluster.stop()
    return figures


async def count(load: Load, port: int, token: str) -> dict[str, Any]:
    """Count the results of the generations."""
    lost = await unfinished(port, token, load.acknowledged)
    kept = await songs(port, token)
    for line in (load.failures + lost)[:20]:
        print(line)
    doubled = len(kept) - len({song["midi_sha256"] for song in kept})
    return {
        "requests": sum(load.answers.values()),
        "generations": len(load.acknowledged),
        "songs": len(kept),
        "lost": len(lost),
        "doubled": doubled,
        "streams": load.followed,
        "streams_reconnected": load.reconnected,
        "longest_s": round(load.longest, 2),
    }


async def upgrade(cluster: Cluster) -> None:
    """Upgrade all Deployments at once, as `helm upgrade` does; each replaces its pods one by one."""
    await asyncio.gather(*(deployment.roll() for deployment in cluster.deployments.values()))


async def scale(cluster: Cluster) -> None:
    """Add one pod to every Deployment, and remove it again."""
    for replicas in (REPLICAS + 1, REPLICAS):
        await asyncio.gather(*(deployment.scale(replicas) for deployment in cluster.deployments.values()))


async def kill_one_pod_per_deployment(cluster: Cluster) -> None:
    """Kill pods at once, as when a node fails; open requests of a killed pod can fail."""
    await asyncio.gather(*(deployment.kill(deployment.pods[0]) for deployment in cluster.deployments.values()))


PHASES = {"upgrade": upgrade, "scale": scale, "kill": kill_one_pod_per_deployment}


def put_aside(product: Product) -> None:
    """Stop all processes except PostgreSQL and S3, and pause the supervisor, so that it restarts nothing."""
    pids = [product.pid_of(name) for name in SERVICES]
    os.kill(product.pid, signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)


def main() -> None:
    """Start the product; return 1 if requests failed except by a kill, or a song is missing or duplicated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pre-stop", type=float, default=1.0, help="seconds between a pod's endpoint and its SIGTERM")
    parser.add_argument("--no-kill", action="store_true", help="upgrade and scale only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, Product(Path(directory)) as product:
        try:
            figures = asyncio.run(measure(product, Path(directory), options.pre_stop, kill=not options.no_kill))
        finally:
            with suppress(ProcessLookupError):
                os.kill(product.pid, signal.SIGCONT)
    print(json.dumps(figures))
    faults = ("failed_upgrade", "failed_scale", "lost", "doubled")
    sys.exit(0 if not any(figures[name] for name in faults) and figures["songs"] >= figures["generations"] else 1)


if __name__ == "__main__":
    main()
