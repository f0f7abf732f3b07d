"""Models are loaded, updated and removed while the generator serves."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_music.catalogue import CatalogueFile
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.fixtures import running_client

URL = "/api/v1/generations"
WAIT = {"Prefer": "wait=20"}
TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny/0.0.1"


def release(models: Path, version: str, directory: str | None = None, *, is_damaged: bool = False) -> Path:
    """Move the tiny model into the directory under another version, atomically."""
    manifest = json.loads((TINY / "manifest.json").read_text()) | {"version": version}
    staged = models.parent / f"staged-{version}"
    staged.mkdir()
    for graph in TINY.glob("*.onnx"):
        shutil.copy(graph, staged)
    if is_damaged:
        with (staged / "model.onnx").open("ab") as model:
            model.write(b"\0")
    (staged / "manifest.json").write_text(json.dumps(manifest))
    (models / "tiny").mkdir(parents=True, exist_ok=True)
    return staged.rename(models / "tiny" / (directory or version))


async def eventually(condition: Callable[[], "asyncio.Future[bool] | object"]) -> None:
    for _ in range(200):
        if await condition():  # type: ignore[misc]
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the condition was not met")


async def versions(client: httpx.AsyncClient) -> list[str]:
    return [item["version"] for item in (await client.get("/api/v1/models")).json()["items"]]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    directory = tmp_path / "models"
    release(directory, "1.0.0")
    return directory


@pytest.fixture
async def client(settings: Settings, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    changes = {"models_url": str(models), "models_poll_seconds": 0.1}
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        yield client


async def test_a_new_version_is_used_without_a_restart_and_the_old_one_stays_available(
    client: httpx.AsyncClient, models: Path
) -> None:
    release(models, "1.1.0")
    await eventually(lambda: _has(client, "1.1.0"))
    newest = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
    pinned = (await client.post(URL, json={"length": 20, "model": "tiny@1.0.0"}, headers=WAIT)).json()
    assert (newest["status"], newest["model_version"]) == ("succeeded", "1.1.0")
    assert (pinned["status"], pinned["model_version"]) == ("succeeded", "1.0.0")


async def _has(client: httpx.AsyncClient, version: str) -> bool:
    return version in await versions(client)


async def test_a_bundle_that_does_not_match_its_manifest_is_rejected(client: httpx.AsyncClient, models: Path) -> None:
    release(models, "2.0.0", is_damaged=True)
    release(models, "2.1.0", directory="2.2.0")
    release(models, "1.5.0")
    await eventually(lambda: _has(client, "1.5.0"))
    assert await versions(client) == ["1.0.0", "1.5.0"]
    assert (await client.post(URL, json={"length": 20}, headers=WAIT)).json()["status"] == "succeeded"
    metrics = (await client.get("/metrics")).text
    assert 'euterpe_generator_model_info{model="tiny",provider="CPUExecutionProvider",version="1.5.0"} 1.0' in metrics
    assert "euterpe_generator_model_load_failures_total 2.0" in metrics.splitlines()


async def test_a_released_version_cannot_change(client: httpx.AsyncClient, models: Path) -> None:
    before = (await client.post(URL, json={"length": 20, "seed": 1}, headers=WAIT)).json()
    manifest = models / "tiny/1.0.0/manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    release(models, "0.9.0")
    await eventually(lambda: _has(client, "0.9.0"))
    again = (await client.post(URL, json={"length": 20, "seed": 1}, headers=WAIT)).json()
    assert again["model_version"] == "1.0.0"
    assert (await client.get(again["midi_url"])).content == (await client.get(before["midi_url"])).content


async def test_a_model_whose_bundle_was_removed_is_not_listed(client: httpx.AsyncClient, models: Path) -> None:
    release(models, "1.1.0")
    await eventually(lambda: _has(client, "1.1.0"))
    shutil.rmtree(models / "tiny/1.1.0")

    async def gone() -> bool:
        return "1.1.0" not in await versions(client)

    await eventually(gone)
    ended = (await client.post(URL, json={"length": 20}, headers=WAIT)).json()
    assert ended["model_version"] == "1.0.0"


async def test_a_canary_gets_its_share_and_is_rolled_back_without_a_restart(
    client: httpx.AsyncClient, models: Path
) -> None:
    set_weights(models, {"tiny": {"1.0.0": 100}})
    release(models, "1.1.0")
    await eventually(lambda: _has(client, "1.1.0"))
    assert await shares(client) == {"1.0.0": 1, "1.1.0": 0}
    assert (await client.post(URL, json={"length": 20}, headers=WAIT)).json()["model_version"] == "1.0.0"
    set_weights(models, {"tiny": {"1.0.0": 75, "1.1.0": 25}})
    await eventually(lambda: _has_share(client, "1.1.0", 0.25))
    set_weights(models, {"tiny": {"1.1.0": 100}})
    await eventually(lambda: _has_share(client, "1.1.0", 1))
    assert (await client.post(URL, json={"length": 20}, headers=WAIT)).json()["model_version"] == "1.1.0"
    # A damaged file changes nothing, and is reported.
    (models / "catalogue.json").write_text('{"weights": {"tiny": {"1.1.0": -1}}}')
    await eventually(lambda: _has_metric(client, "euterpe_generator_catalogue_failures_total 1.0"))
    assert await shares(client) == {"1.0.0": 0, "1.1.0": 1}
    set_weights(models, {"tiny": {"1.0.0": 100, "1.1.0": 0}})
    await eventually(lambda: _has_share(client, "1.0.0", 1))
    assert (await client.post(URL, json={"length": 20}, headers=WAIT)).json()["model_version"] == "1.0.0"
    metrics = (await client.get("/metrics")).text
    assert 'request_success_total{model="tiny",reason="finished",version="1.0.0"} 2.0' in metrics
    assert 'request_success_total{model="tiny",reason="finished",version="1.1.0"} 1.0' in metrics
    assert 'euterpe_generator_model_share{model="tiny",version="1.1.0"} 0.0' in metrics


def set_weights(models: Path, weights: dict[str, dict[str, float]]) -> None:
    staged = models.parent / "catalogue.json"
    staged.write_bytes(CatalogueFile(weights=weights).to_json())
    staged.rename(models / "catalogue.json")


async def shares(client: httpx.AsyncClient) -> dict[str, float]:
    return {item["version"]: item["share"] for item in (await client.get("/api/v1/models")).json()["items"]}


async def _has_share(client: httpx.AsyncClient, version: str, share: float) -> bool:
    return (await shares(client))[version] == share


async def _has_metric(client: httpx.AsyncClient, line: str) -> bool:
    return line in (await client.get("/metrics")).text


async def test_old_versions_are_unloaded_if_there_are_too_many(settings: Settings, models: Path) -> None:
    for version in ("1.1.0", "1.2.0", "1.10.0"):
        release(models, version)
    changes = {"models_url": str(models), "max_models": 2}
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        assert await versions(client) == ["1.2.0", "1.10.0"]


async def test_without_any_model_the_service_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    async with running_client(create_app(settings.model_copy(update={"models_url": str(tmp_path)}))) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.post(URL, json={})
        assert answer.status_code == 503
        assert "model" in answer.json()["detail"]


async def test_bundles_are_loaded_from_s3(settings: Settings, object_store: ObjectStore, tmp_path: Path) -> None:
    for file in ("model.onnx", "model.int8.onnx", "manifest.json"):
        content = (TINY / file).read_bytes()
        await object_store.put(f"bundles/tiny/0.0.1/{file}", content, content_type="x/y")
        await object_store.put(f"bundles/candidates/tiny/0.0.2/{file}", content, content_type="x/y")
    catalogue = CatalogueFile(weights={"tiny": {"0.0.1": 40, "0.0.2": 60}})
    await object_store.put("bundles/catalogue.json", catalogue.to_json(), content_type="x/y")
    changes = {"models_url": f"s3://{settings.s3.bucket}/bundles", "models_cache": tmp_path / "cache"}
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        # Candidates are not loaded.
        assert await shares(client) == {"0.0.1": 1}
        assert (await client.post(URL, json={"length": 20}, headers=WAIT)).json()["status"] == "succeeded"


async def test_a_worker_that_requires_a_gpu_is_not_ready_without_one(
    settings: Settings, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {"models_url": str(models), "require_gpu": True}
    async with running_client(create_app(settings.model_copy(update=changes))) as client:
        assert (await client.get("/readyz")).status_code == 503
    assert "this worker requires a GPU" in capsys.readouterr().out
