"""Candidates become released versions, in a directory and in a real bucket."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from euterpe_music.catalogue import CatalogueFile
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_training.cli import app
from euterpe_training.errors import TrainingError
from euterpe_training.releases.promotion import list_versions, main_version, promote, read_catalogue, roll_back
from euterpe_training.storage import Folder, open_folder
from typer.testing import CliRunner

TINY = Path(__file__).parents[3] / "packages/music/tests/data/tiny/0.0.1"

Put = Callable[..., None]


@pytest.fixture(params=["directory", "bucket"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    """An empty folder of models."""
    if request.param == "directory":
        return open_folder(str(tmp_path / "models"))
    settings: ObjectStoreSettings = request.getfixturevalue("s3_environment")
    return open_folder(f"s3://{settings.bucket}/{tmp_path.name}")


@pytest.fixture
def put(models: Folder, tmp_path: Path) -> Put:
    """Writes the tiny bundle under a version."""

    def put(version: str, *, is_candidate: bool = False, is_damaged: bool = False, stated: str = "") -> None:
        target = f"candidates/tiny/{version}" if is_candidate else f"tiny/{version}"
        manifest = json.loads((TINY / "manifest.json").read_text()) | {"version": stated or version}
        for graph in TINY.glob("*.onnx"):
            models.write(f"{target}/{graph.name}", graph.read_bytes() + (b"\0" if is_damaged else b""))
        models.write(f"{target}/manifest.json", json.dumps(manifest).encode())

    return put


def test_a_canary_grows_and_is_rolled_back(models: Folder, put: Put) -> None:
    put("1.0.0")
    put("1.1.0", is_candidate=True)
    assert list_versions(models, "tiny").candidates == ["1.1.0"]
    assert main_version(models, "tiny") == "1.0.0"
    assert promote(models, "tiny", "1.1.0", 5) == {"1.0.0": 95, "1.1.0": 5}
    assert models.read("tiny/1.1.0/model.onnx") == models.read("candidates/tiny/1.1.0/model.onnx")
    assert list_versions(models, "tiny").candidates == []
    assert promote(models, "tiny", "1.1.0", 40) == {"1.0.0": 60, "1.1.0": 40}
    assert main_version(models, "tiny") == "1.0.0"
    assert roll_back(models, "tiny", "1.1.0") == {"1.0.0": 100, "1.1.0": 0}
    assert promote(models, "tiny", "1.1.0") == {"1.0.0": 0, "1.1.0": 100}
    assert main_version(models, "tiny") == "1.1.0"
    # The one before it composes again, although it had no share any more.
    assert roll_back(models, "tiny", "1.1.0") == {"1.0.0": 100, "1.1.0": 0}
    assert read_catalogue(models) == CatalogueFile(weights={"tiny": {"1.0.0": 100, "1.1.0": 0}})


def test_other_versions_keep_their_proportions_and_other_models_their_weights(models: Folder, put: Put) -> None:
    for version in ("1.0.0", "1.1.0", "1.10.0"):
        put(version)
    other = CatalogueFile(weights={"other": {"2.0.0": 1}})
    models.write("catalogue.json", other.with_weights("tiny", {"1.0.0": 30, "1.1.0": 10}).to_json())
    assert promote(models, "tiny", "1.10.0", 20) == {"1.0.0": 60, "1.1.0": 20, "1.10.0": 20}
    assert read_catalogue(models).weights["other"] == {"2.0.0": 1}


def test_the_first_version_composes_all_requests(models: Folder, put: Put) -> None:
    put("0.1.0", is_candidate=True)
    with pytest.raises(TrainingError, match="no other version that could get 90 %"):
        promote(models, "tiny", "0.1.0", 10)
    assert promote(models, "tiny", "0.1.0") == {"0.1.0": 100}
    with pytest.raises(TrainingError, match="the only released version"):
        roll_back(models, "tiny", "0.1.0")


def test_a_bundle_that_cannot_be_used_is_not_released(models: Folder, put: Put) -> None:
    put("1.0.0")
    put("1.1.0", is_candidate=True, is_damaged=True)
    put("1.2.0", is_candidate=True, stated="1.3.0")
    with pytest.raises(TrainingError, match=r"the candidate tiny 1\.1\.0 cannot be used"):
        promote(models, "tiny", "1.1.0")
    with pytest.raises(TrainingError, match=r"is tiny 1\.3\.0 by its manifest"):
        promote(models, "tiny", "1.2.0")
    with pytest.raises(TrainingError, match=r"no candidate tiny 9\.0\.0; candidates: 1\.1\.0, 1\.2\.0"):
        promote(models, "tiny", "9.0.0")
    assert list_versions(models, "tiny").released == {"1.0.0": 100}
    assert "catalogue.json" not in models.list()


def test_the_manifest_is_written_last_and_after_the_weights(tmp_path: Path, put: Put, models: Folder) -> None:
    put("1.0.0")
    put("1.1.0", is_candidate=True)
    written: list[str] = []

    class Recorder:
        url, list, read, download = models.url, models.list, models.read, models.download

        def write(self, path: str, content: bytes) -> None:
            written.append(path)
            models.write(path, content)

        def upload(self, source: Path, path: str) -> None:
            written.append(path)
            models.upload(source, path)

    promote(Recorder(), "tiny", "1.1.0", 5)
    assert (written[0], written[-1]) == ("catalogue.json", "tiny/1.1.0/manifest.json")


def test_the_commands_print_shares_and_evaluations(tmp_path: Path) -> None:
    for path, version in (("tiny/1.0.0", "1.0.0"), ("candidates/tiny/1.1.0", "1.1.0")):
        shutil.copytree(TINY, tmp_path / path)
        manifest = json.loads((TINY / "manifest.json").read_text()) | {"version": version}
        (tmp_path / path / "manifest.json").write_text(json.dumps(manifest))
    reports = {
        "tiny@1.1.0": {"overlap_area": 0.91, "overlap_area_ceiling": 0.97},
        "tiny@1.0.0": {"overlap_area": 0.89, "overlap_area_ceiling": 0.97},
    }
    (tmp_path / "candidates/tiny/1.1.0/evaluation.json").write_text(json.dumps(reports))
    run = CliRunner().invoke
    listed = run(app, ["versions", "tiny", "--models", str(tmp_path)])
    assert "tiny 1.0.0: 100 %" in listed.stdout
    assert "tiny 1.1.0: candidate" in listed.stdout
    promoted = run(app, ["promote", "tiny", "1.1.0", "--share", "5", "--models", str(tmp_path)])
    assert "tiny@1.1.0: overlap area 0.910, of held-out pieces 0.970" in promoted.stdout
    assert "tiny 1.1.0: 5 %" in promoted.stdout
    back = run(app, ["rollback", "tiny", "1.1.0"], env={"EUTERPE_MODELS_URL": str(tmp_path)})
    assert "tiny 1.1.0: 0 %" in back.stdout
