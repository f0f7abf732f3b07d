"""A model's sample: served if there is one, and rejected at loading if it is not a MIDI file."""

import shutil
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

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


async def test_a_style_has_a_sample_of_its_own(settings: Settings, bundle: Path) -> None:
    (bundle / "sample.mid").write_bytes(SAMPLE)
    waltz = SAMPLE + b" "
    with ZipFile(bundle / "samples.zip", "w") as archive:
        archive.writestr("folk/waltz.mid", waltz)
    async with running_client(create_app(settings.model_copy(update={"models_url": str(bundle.parents[1])}))) as client:
        model = (await client.get("/api/v1/models/tiny")).json()
        answer = await client.get(model["sample_url"], params={"style": model["sample_styles"][0]})
        missing = await client.get(model["sample_url"], params={"style": "folk/jig"})
    assert (model["sample_styles"], answer.content) == (["folk/waltz"], waltz)
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/sample-not-found")


@pytest.mark.parametrize(("content", "reason"), [(b"x" * 70_000, "at most 65536"), (b"a picture", "must be a MIDI")])
def test_samples_of_styles_are_checked(bundle: Path, content: bytes, reason: str) -> None:
    with ZipFile(bundle / "samples.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("folk/waltz.mid", content)
    with pytest.raises(BundleError, match=reason):
        load_model(bundle, 4)


def test_an_archive_that_is_none_rejects_the_bundle(bundle: Path) -> None:
    (bundle / "samples.zip").write_bytes(b"PK")
    with pytest.raises(BundleError, match=r"samples\.zip must be a ZIP archive"):
        load_model(bundle, 4)


async def test_a_model_without_a_sample_returns_404(client: httpx.AsyncClient) -> None:
    model = (await client.get("/api/v1/models")).json()["items"][0]
    assert model["sample_url"] is None
    answer = await client.get(f"/api/v1/models/{model['name']}/sample")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/sample-not-found")


def test_a_sample_that_is_not_a_midi_file_rejects_the_bundle(bundle: Path) -> None:
    (bundle / "sample.mid").write_bytes(b"a picture")
    with pytest.raises(BundleError, match=r"sample\.mid must be a MIDI file"):
        load_model(bundle, 4)
