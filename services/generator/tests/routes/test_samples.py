"""A model's sample: served if there is one, and rejected at loading if it is not a MIDI file."""

import shutil
from pathlib import Path

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.models.loader import load_model
from euterpe_generator.settings import Settings
from euterpe_music.bundle import BundleError
from euterpe_test_kit.fixtures import running_client

TINY = Path(__file__).parents[4] / "packages/music/tests/data/tiny"
SAMPLE = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    shutil.copytree(TINY, tmp_path / "tiny")
    [bundle] = (tmp_path / "tiny").iterdir()
    return bundle


async def test_a_sample_is_linked_and_served(settings: Settings, bundle: Path) -> None:
    (bundle / "sample.mid").write_bytes(SAMPLE)
    async with running_client(create_app(settings.model_copy(update={"models_url": str(bundle.parents[1])}))) as client:
        model = (await client.get("/api/v1/models/tiny")).json()
        answer = await client.get(model["sample_url"])
    assert (answer.content, answer.headers["content-type"]) == (SAMPLE, "audio/midi")


async def test_a_model_without_a_sample_returns_404(client: httpx.AsyncClient) -> None:
    model = (await client.get("/api/v1/models")).json()["items"][0]
    assert model["sample_url"] is None
    answer = await client.get(f"/api/v1/models/{model['name']}/sample")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/sample-not-found")


def test_a_sample_that_is_not_a_midi_file_rejects_the_bundle(bundle: Path) -> None:
    (bundle / "sample.mid").write_bytes(b"a picture")
    with pytest.raises(BundleError, match=r"sample\.mid must be a MIDI file"):
        load_model(bundle, 4)
