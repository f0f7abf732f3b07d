"""The small profile with every pod of the rendered chart as a container, from migrations to the first song."""

import shutil
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.deploy.containers import Cluster, podman
from tests.deploy.rendering import Render, pods, values_of
from tests.deploy.test_images import REGISTRY, TAG, wait_for

pytestmark = pytest.mark.images


@pytest.fixture(scope="module")
def gateway(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, str]]:
    """A running release, and the URL of its gateway."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    values = values_of("values-small.yaml") | {"image": {"registry": REGISTRY, "tag": TAG}}
    found = render(values, bare=True)
    directory = tmp_path_factory.mktemp("release")
    cluster = Cluster(found, directory)
    try:
        everything = pods(found)
        for kind in ("StatefulSet", "Deployment"):
            started = {key: cluster.start(key) for key in everything if key.startswith(f"{kind}/")}
        for key in everything:
            if key.startswith("Job/"):
                done = cluster.run(key, attempts=30)
                assert done.returncode == 0, done.stderr[-2000:]
        url = f"http://{cluster.address(started['Deployment/euterpe-web'])}:8000"
        wait_for(f"{url}/")
        yield cluster, url
    finally:
        cluster.close()


def test_helm_test_composes_a_song(gateway: tuple[Cluster, str]) -> None:
    cluster, _ = gateway
    done = cluster.run("Pod/euterpe-test-compose")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bytes of MP3" in done.stdout


def test_the_gateway_serves_only_public_paths(gateway: tuple[Cluster, str]) -> None:
    _, url = gateway
    assert "Euterpe" in httpx.get(f"{url}/").text
    assert wait_for(f"{url}/api/v1/models").json()["items"]
    for path in ("/metrics", "/healthz", "/readyz", "/api/v1/auth/service-token", "/nowhere"):
        answer = httpx.post(f"{url}{path}") if "token" in path else httpx.get(f"{url}{path}")
        assert answer.status_code == 404, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 404
    too_large = httpx.post(f"{url}/api/v1/auth/users", content=b"x" * 20_000)
    assert too_large.status_code == 413


def test_a_killed_worker_loses_no_generation(gateway: tuple[Cluster, str]) -> None:
    cluster, url = gateway
    orders = [httpx.post(f"{url}/api/v1/generations", json={"length": 2000}) for _ in range(20)]
    assert {answer.status_code for answer in orders} == {202}
    (worker,) = [name for name in cluster.containers if "generator-cpu" in name]
    podman("kill", "--signal=KILL", worker)
    cluster.start("Deployment/euterpe-generator-cpu")
    for answer in orders:
        deadline = time.monotonic() + 120
        while True:
            piece = httpx.get(f"{url}{answer.headers['Location']}", timeout=60).json()
            if piece["status"] not in ("queued", "running") or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        assert piece["status"] == "succeeded", piece
