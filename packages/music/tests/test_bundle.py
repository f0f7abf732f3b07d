import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from euterpe_music.bundle import BundleError, bundle_files, load_bundle, write_bundle
from euterpe_music.manifest import FileInfo

TINY = Path(__file__).parent / "data" / "tiny" / "0.0.1"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "bundle"))


def change(directory: Path, *keys: str, value: object) -> None:
    path = directory / "manifest.json"
    manifest = json.loads(path.read_text())
    place = manifest
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(manifest))


def test_the_bundle_tells_how_to_run_it() -> None:
    bundle = load_bundle(TINY)
    assert bundle.manifest.noise_size == 4
    assert bundle.spec.features == 4
    assert [(pair.input, pair.initial) for pair in bundle.manifest.graph.state] == [
        ("previous", "uniform"), ("h", "zeros"), ("c", "zeros"),
    ]  # fmt: skip
    length = bundle.manifest.sampling.length
    assert length.min <= length.default <= length.max


def test_writing_gives_the_same_bundle(copy: Path, tmp_path: Path) -> None:
    bundle = load_bundle(copy)
    again = write_bundle(tmp_path / "again", bundle.manifest, bundle.model, bundle.int8)
    assert (again.manifest, again.model, again.int8) == (bundle.manifest, bundle.model, bundle.int8)
    files = ["manifest.json", "model.int8.onnx", "model.onnx"]
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == files


def test_the_variant_that_is_asked_for_is_the_one_that_is_run() -> None:
    bundle = load_bundle(TINY)
    assert bundle.graph() == bundle.graph("fp32") == bundle.model
    assert bundle.graph("int8") == bundle.int8 != bundle.model
    chosen = replace(bundle, manifest=bundle.manifest.model_copy(update={"variant": "int8"}))
    assert (chosen.graph(), chosen.graph("fp32")) == (bundle.int8, bundle.model)
    assert replace(bundle, int8=None).graph("int8") == bundle.model


def test_a_model_with_one_flipped_bit_is_refused(copy: Path) -> None:
    model = bytearray((copy / "model.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (copy / "model.onnx").write_bytes(model)
    with pytest.raises(BundleError, match="digest"):
        load_bundle(copy)
    bundle = load_bundle(TINY)
    with pytest.raises(BundleError, match="digest"):
        write_bundle(copy, bundle.manifest, bytes(model))


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "model.int8.onnx"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleError, match=name):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        (("spec", "grid"), 48, "hash"),
        (("spec", "swing"), 1, "swing"),
        (("spec_sha256",), "0" * 64, "hash"),
        (("format",), "euterpe-bundle/2", "format"),
        (("kind",), "transformer", "kind"),
        (("version",), "latest", "version"),
        (("name",), "../tiny", "name"),
        (("sampling", "length", "max"), 5, "default"),
        (("graph", "noise"), "nothing", "inputs"),
        (("graph", "outputs"), [], "outputs"),
        (("graph", "file"), "../model.onnx", "does not name a file in the bundle"),
        (("surprise",), 1, "surprise"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    copy: Path, keys: tuple[str, ...], value: object, words: str
) -> None:
    change(copy, *keys, value=value)
    with pytest.raises(BundleError, match=words):
        load_bundle(copy)


def test_state_of_two_shapes_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    outputs = manifest["graph"]["outputs"]
    next(tensor for tensor in outputs if tensor["name"] == "h_out")["axes"] = [2, "batch", 9]
    change(copy, "graph", "outputs", value=outputs)
    with pytest.raises(BundleError, match="h and h_out differ"):
        load_bundle(copy)


def test_no_json_is_refused(copy: Path) -> None:
    (copy / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match=r"manifest\.json is not valid"):
        load_bundle(copy)


def test_the_critic_is_checked_and_part_of_the_files(copy: Path, tmp_path: Path) -> None:
    plain, critic = load_bundle(copy), b"a graph"
    info = FileInfo(file="critic.onnx", sha256=hashlib.sha256(critic).hexdigest(), bytes=len(critic))
    manifest = plain.manifest.model_copy(update={"critic": info})
    written = write_bundle(tmp_path / "critic", manifest, plain.model, plain.int8, critic)
    assert written.critic == critic
    assert bundle_files(written.manifest) == ("model.onnx", "model.int8.onnx", "critic.onnx")
    (tmp_path / "critic" / "critic.onnx").write_bytes(b"another")
    with pytest.raises(BundleError, match=r"critic\.onnx has digest"):
        load_bundle(tmp_path / "critic")
