"""Pieces get a style if there is a classifier, and are composed without one too."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import numpy as np
import onnx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.clients.classifiers import DirectoryClassifiers, S3Classifiers, classifier_source
from euterpe_generator.settings import Settings
from euterpe_generator.worker.style_tagging import StyleTagger, load_tagger
from euterpe_music.classifier import ClassifierManifest, load_classifier, write_classifier
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_service_kit.object_store import ObjectStore
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from onnx import TensorProto, helper, numpy_helper

TINY_MODELS = Path(__file__).parents[4] / "packages/music/tests/data"
SIZE = 16


def classifier_graph(classes: int = 2) -> bytes:
    """Classifies as `low` if the lower half of the windows has more pixels than the upper half, else `high`."""
    lower = np.repeat([0.0, 1.0], SIZE // 2)
    weights = np.stack([lower, 1 - lower])[[0, 1, 1][:classes]].astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["windows"], ["raw"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["raw", "across"], ["rows"], keepdims=0),
        helper.make_node("MatMul", ["weights", "rows"], ["halves"]),
        helper.make_node("Softmax", ["halves"], ["probabilities"], axis=0),
    ]
    arrays = {"across": np.array([0, 2], np.int64), "weights": weights}
    graph = helper.make_graph(
        nodes,
        "halves",
        [helper.make_tensor_value_info("windows", TensorProto.UINT8, ["windows", SIZE, SIZE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [classes])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def release(models: Path, version: str = "1.0.0", classes: int = 2) -> Path:
    model = classifier_graph(classes)
    manifest = ClassifierManifest(
        name="style-classifier", version=version, title="Halves", licence="Apache-2.0", created="2026-01-01",
        classes=("low", "high"), size=SIZE, windows=4, sha256=hashlib.sha256(model).hexdigest(), bytes=len(model),
    )  # fmt: skip
    directory = models / "style-classifier" / version
    write_classifier(directory, manifest, model)
    return directory


@pytest.fixture
def models(tmp_path: Path) -> Path:
    copytree(TINY_MODELS / "tiny", tmp_path / "models" / "tiny")
    return tmp_path / "models"


def piece(pitch: int, *tracks: Track) -> Piece:
    return Piece(480, make_notes([0, 480, 960], 480, pitch, 90), tracks or (Track(),))


def test_a_piece_is_tagged_with_the_most_likely_style(models: Path) -> None:
    tagger = StyleTagger(load_classifier(release(models)))
    low, high = tagger.tag(piece(54)), tagger.tag(piece(66))
    assert (low.style, high.style) == ("low", "high")
    assert low.measures.keys() == {"style_low", "style_high"}
    assert sum(low.measures.values()) == pytest.approx(1, abs=1e-3)
    assert low.measures["style_low"] > 0.9
    assert tagger.tag(piece(54)) == low


def test_a_piece_without_pitched_notes_has_no_style(models: Path) -> None:
    tagger = StyleTagger(load_classifier(release(models)))
    drums = tagger.tag(piece(40, Track(is_drum=True)))
    assert (drums.style, drums.measures) == (None, {})
    assert StyleTagger().tag(piece(54)).measures == {}


async def test_the_newest_classifier_is_found_in_directories_and_in_s3(
    models: Path, object_store: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        release(models, version)
    found = await DirectoryClassifiers(models).fetch()
    assert found is not None
    assert found.name == "1.10.0"
    for path in models.rglob("*.*"):
        if path.is_file():
            await object_store.put(
                f"bundles/{path.relative_to(models)}", path.read_bytes(), content_type="binary/octet-stream"
            )
    fetched = await S3Classifiers(object_store, "bundles", tmp_path / "cache").fetch()
    assert fetched == tmp_path / "cache" / "style-classifier" / "1.10.0"
    assert load_classifier(fetched).manifest.version == "1.10.0"
    assert await S3Classifiers(object_store, "elsewhere", tmp_path / "cache").fetch() is None
    assert isinstance(classifier_source("s3://bucket/models", settings.s3, tmp_path), S3Classifiers)


@pytest.mark.parametrize("defect", ["none", "damaged", "other shape"])
async def test_pieces_are_not_tagged_without_a_valid_classifier(models: Path, defect: str) -> None:
    if defect == "damaged":
        (release(models) / "model.onnx").write_bytes(b"not a graph")
    elif defect == "other shape":
        release(models, classes=3)
    tagger = await load_tagger(DirectoryClassifiers(models))
    assert tagger.tag(piece(54)).style is None


@asynccontextmanager
async def generator(settings: Settings, models: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(create_app(settings.model_copy(update={"models_url": str(models)}))) as client:
        yield client


async def test_the_style_is_stored_with_the_song(
    settings: Settings, models: Path, token_issuer: TokenIssuer, library: Any
) -> None:
    release(models)
    headers = token_issuer.headers("anna") | {"Prefer": "wait=20"}
    async with generator(settings, models) as client:
        done = (await client.post("/api/v1/generations", json={"seed": 3, "length": 30}, headers=headers)).json()
        # The classifier is not listed as a model.
        offered = (await client.get("/api/v1/models")).json()["items"]
    assert [model["name"] for model in offered] == ["tiny"]
    (song,) = library.songs.values()
    most_likely = max(("low", "high"), key=lambda name: song.measures[f"style_{name}"])
    assert song.style == most_likely
    assert done["measures"]["style_low"] + done["measures"]["style_high"] == pytest.approx(1, abs=1e-3)
