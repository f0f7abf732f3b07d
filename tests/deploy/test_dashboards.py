"""Every query of every dashboard and rule, run by a Prometheus that scrapes the running product."""

import json
import math
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from euterpe_stack.ports import free_port

from tests.deploy.rendering import CHART, REPOSITORY

pytestmark = pytest.mark.observability

DASHBOARDS = sorted((CHART / "files/dashboards").glob("*.json"))
#: Metrics of kube-state-metrics and the blackbox exporter.
FOREIGN = {"kube_pod_container_status_restarts_total", "probe_ssl_earliest_cert_expiry"}
ROUNDS = 3


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The running product: its URL and the process id of its supervisor."""
    data, port = tmp_path_factory.mktemp("product"), free_port()
    released = any((REPOSITORY / "models").glob("*/*/manifest.json"))
    models = REPOSITORY / ("models" if released else "packages/music/tests/data")
    own = {"EUTERPE_PORT": str(port), "EUTERPE_DATA": str(data), "EUTERPE_MODELS": str(models)}
    with (data / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "euterpe_stack"], env=os.environ | own, stdout=output, stderr=output, cwd=REPOSITORY
        )
    url = f"http://localhost:{port}"
    try:
        _wait(lambda: httpx.get(f"{url}/readyz").status_code == 200, seconds=180)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.fixture(scope="module")
def prometheus(product: tuple[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with the chart's rules, which has scraped the product under load."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed (apt-get install prometheus)")
    url, supervisor = product
    directory, port = tmp_path_factory.mktemp("prometheus"), free_port()
    config = directory / "prometheus.yaml"
    config.write_text(yaml.safe_dump(_configuration(supervisor)))
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                binary,
                f"--config.file={config}",
                f"--storage.tsdb.path={directory}/tsdb",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    own = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: httpx.get(f"{own}/-/ready").status_code == 200, seconds=60)
        for _ in range(ROUNDS):
            _listen(url)
            # A rate needs scrapes before and after.
            time.sleep(3)
        yield own
    finally:
        process.terminate()
        process.wait(30)


def _configuration(supervisor: int) -> dict[str, Any]:
    """Scrapes each service under the job that the chart's PodMonitors give it."""
    ports = _service_ports(supervisor)
    assert {"auth", "library", "generator", "converter"} == set(ports)
    jobs = [{"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for name, port in ports.items()]
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in sorted((CHART / "files/rules").glob("*.yaml"))],
        "scrape_configs": jobs,
    }


def _service_ports(supervisor: int) -> dict[str, int]:
    """Read the services' ports from the gateway's environment: the gateway does not expose /metrics."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    (gateway,) = [pid for pid in children if "caddy" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]]
    environment = Path(f"/proc/{gateway}/environ").read_text()
    addresses = re.findall(r"EUTERPE_([A-Z]+)_ADDRESS=127\.0\.0\.1:(\d+)", environment)
    return {name.lower(): int(port) for name, port in addresses}


def _listen(url: str) -> None:
    """A user registers, logs in, composes, refreshes the token and plays the song twice."""
    with httpx.Client(base_url=url, timeout=60) as client:
        user = {"username": f"user-{secrets.token_hex(4)}", "password": secrets.token_urlsafe(24)}
        client.post("/api/v1/auth/users", json=user).raise_for_status()
        tokens = client.post("/api/v1/auth/token", data=user | {"grant_type": "password"}).raise_for_status().json()
        client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).raise_for_status()
        client.get("/.well-known/jwks.json").raise_for_status()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        # Notes are sent to clients that follow a generation; long concurrent ones last long enough for that.
        model = client.get("/api/v1/models").raise_for_status().json()["items"][0]
        order = {"model": model["name"], "length": model["length"]["maximum"]}
        pieces = [client.post("/api/v1/generations", json=order, headers=headers) for _ in range(12)]
        with client.stream("GET", f"{pieces[-1].headers['Location']}/events", headers=headers) as events:
            assert any("succeeded" in line for line in events.iter_lines())
        song = client.get("/api/v1/songs", headers=headers).raise_for_status().json()["items"][0]
        for _ in range(2):
            client.get(f"/api/v1/audio/{song['id']}.mp3", headers=headers).raise_for_status()


def _wait(condition: Any, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, "it did not get ready"
        time.sleep(0.3)


def _ask(prometheus: str, expression: str) -> list[float]:
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": expression}).json()
    assert answer["status"] == "success", (expression, answer)
    return [float(sample["value"][1]) for sample in answer["data"]["result"]]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_shows_data(path: Path, prometheus: str) -> None:
    panels = json.loads(path.read_text())["panels"]
    assert len(panels) >= 6
    empty = []
    for panel in panels:
        for target in panel["targets"]:
            values = _ask(prometheus, target["expr"].replace("$__rate_interval", "1m"))
            if not any(math.isfinite(value) for value in values):
                empty.append((panel["title"], target["expr"], values))
    assert empty == []


def test_every_metric_of_the_rules_exists(prometheus: str) -> None:
    names = set(httpx.get(f"{prometheus}/api/v1/label/__name__/values").json()["data"])
    metadata = set(httpx.get(f"{prometheus}/api/v1/metadata").json()["data"])
    known = names | metadata | {f"{name}_total" for name in metadata} | FOREIGN
    for path in sorted((CHART / "files/rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                bare = re.sub(r"\{[^}]*\}", "", rule["expr"])
                for name in re.findall(r"\b(?:euterpe|kube|probe|process)_\w+", bare):
                    assert name in known, (rule.get("alert") or rule["record"], name)


def test_rules_evaluate_and_a_healthy_product_raises_no_alert(prometheus: str) -> None:
    groups = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    assert {group["name"] for group in groups} == {
        "euterpe-recording",
        "euterpe-slo",
        "euterpe-slo-alerts",
        "euterpe-alerts",
    }
    assert [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")] == []
    assert _ask(prometheus, 'ALERTS{alertstate="firing"}') == []
