"""Bundles of melody networks: whole when they are loaded, refused when they contradict themselves."""

import json
from pathlib import Path
from typing import Any

import pytest
from euterpe_music.bundle import Bundle, BundleError, MelodyBundle, bundle_files, load_any_bundle, parse_any_manifest
from euterpe_music.melody_parameters import melody_parameters
from euterpe_test_kit.melodies import melody_bundle


@pytest.fixture(params=[1, 2])
def bundle(tmp_path: Path, request: pytest.FixtureRequest) -> MelodyBundle:
    return melody_bundle(tmp_path, encoding=request.param)


def test_what_was_written_is_loaded(bundle: MelodyBundle) -> None:
    again = load_any_bundle(bundle.directory)
    assert again == bundle
    assert set(bundle_files(bundle.manifest)) == {path.name for path in bundle.directory.iterdir()} - {"manifest.json"}
    assert bundle.graph("melody", "int8") == bundle.graph("melody", "fp32")


def test_the_other_kind_is_still_what_it_was() -> None:
    tiny = load_any_bundle(next((Path(__file__).parent / "data/tiny").iterdir()))
    assert isinstance(tiny, Bundle)


def test_a_changed_file_is_refused(bundle: MelodyBundle) -> None:
    vocabulary = bundle.directory / bundle.manifest.graphs["melody"].vocabularies[0].file
    vocabulary.write_bytes(vocabulary.read_bytes() + b" ")
    with pytest.raises(BundleError, match="digest"):
        load_any_bundle(bundle.directory)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("kind",), "organ", "kind"),
        (("encoding",), 3, "encoding"),
        (("graphs", "melody", "vocabularies", 0, "stream"), "durations", "vocabular"),
        (("graphs", "melody", "vocabularies", 0, "size"), 61, "axes"),
        (("graphs", "melody", "vocabularies", 0, "file"), "../x.json", "file"),
        (("graphs", "melody", "state", 0, "initial"), "uniform", "zeros"),
        (("graphs", "melody", "conditions", 0, "name"), "melody", "melody"),
        (("graphs", "melody", "conditions", 0, "size"), 61, "echo"),
        (("graphs", "melody", "variants"), {}, "fp32"),
        (("styles",), ["plain"], "style"),
        (("style_meters",), {"plain": "5/7"}, "style_meters"),
        (("style_meters",), {"loud": "6/8"}, "style_meters"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, told: str
) -> None:
    manifest = json.loads((melody_bundle(tmp_path).directory / "manifest.json").read_text())
    place: Any = manifest
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(BundleError, match=told):
        parse_any_manifest(json.dumps(manifest).encode())


def test_a_style_brings_its_meter_unless_the_listener_sets_one(tmp_path: Path) -> None:
    manifest = melody_bundle(tmp_path).manifest.model_copy(update={"style_meters": {"fancy": "6/8"}})
    frames = [manifest.form(8, *told) for told in ((), ("fancy",), ("fancy", "3/4"), ("plain", "2/4"))]
    assert [(form.steps, str(form.meter), form.style) for form in frames] == \
        [(128, "4/4", 0), (96, "6/8", 1), (96, "3/4", 1), (64, "2/4", 0)]  # fmt: skip


def test_every_parameter_has_advice_or_speaks_for_itself() -> None:
    for parameter in melody_parameters(styles=("folk", "pop"), meters=("4/4", "3/4")):
        assert parameter.advice or parameter.name in ("tempo", "melody_instrument", "accompaniment_instrument")
