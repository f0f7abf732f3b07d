"""Model bundles on disk: models/<name>/<version>/ with model.onnx, manifest.json and card.md."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from euterpe_music.ensemble_manifest import EnsembleManifest, EventGraph
from euterpe_music.manifest import Manifest, Variant
from euterpe_music.melody_manifest import MelodyManifest
from euterpe_music.spec import EventSpec
from euterpe_music.tokens import Vocabulary, VocabularyError

MANIFEST_FILE: Final = "manifest.json"
#: A short piece composed by the model; optional.
SAMPLE_FILE: Final = "sample.mid"
#: Short pieces of the model's styles, as a ZIP archive of `STYLE.mid`; optional.
STYLE_SAMPLES_FILE: Final = "samples.zip"

AnyManifest = Manifest | MelodyManifest | EnsembleManifest
M = TypeVar("M", Manifest, AnyManifest)
_MANIFEST: Final = TypeAdapter(Manifest)
_ANY_MANIFEST: Final = TypeAdapter[AnyManifest](Annotated[AnyManifest, Field(discriminator="kind")])


class BundleError(ValueError):
    """A bundle that is incomplete or contradicts itself; the message is one sentence."""


@dataclass(frozen=True)
class Bundle:
    """A bundle whose digests were checked. `model`, `int8` and `critic` hold the very bytes that were checked."""

    directory: Path
    manifest: Manifest
    model: bytes = field(repr=False)
    int8: bytes | None = field(default=None, repr=False)
    critic: bytes | None = field(default=None, repr=False)

    def graph(self, variant: Variant | None = None) -> bytes:
        """The graph of a variant, the manifest's own by default; fp32 where the bundle does not have the other."""
        if (variant or self.manifest.variant) == "int8" and self.int8 is not None:
            return self.int8
        return self.model

    @cached_property
    def spec(self) -> EventSpec:
        """What the model's events mean."""
        return self.manifest.event_spec


def load_bundle(directory: Path) -> Bundle:
    """The bundle in `directory`.

    Raises BundleError when a file is missing, the manifest is malformed or of a newer format, the spec does not
    have the hash that is stated, or the model not its digest.
    """
    text = _read(directory / MANIFEST_FILE)
    manifest = parse_manifest(text)
    path = directory / manifest.graph.file
    if path.parent != directory:
        raise BundleError(f"{manifest.graph.file!r} does not name a file in the bundle")
    model = _read(path)
    check_model(manifest, model)
    others = (
        _checked(directory, info.file, info.sha256) if info else None for info in (manifest.int8, manifest.critic)
    )
    return Bundle(directory, manifest, model, *others)


@dataclass(frozen=True)
class MelodyBundle:
    """A bundle of token networks, all of whose digests were checked; `files` holds the very bytes by name."""

    directory: Path
    manifest: MelodyManifest
    files: Mapping[str, bytes] = field(repr=False)

    def graph(self, name: Literal["melody", "accompaniment"], variant: Variant) -> bytes:
        """A network's graph; its fp32 variant where it does not have the one that is asked for."""
        variants = self.manifest.graphs[name].variants
        return self.files[variants.get(variant, variants["fp32"]).file]

    @cached_property
    def vocabularies(self) -> dict[str, tuple[Vocabulary, ...]]:
        """The vocabularies of each network's streams."""
        return {
            name: tuple(Vocabulary.from_json(self.files[info.file]) for info in graph.vocabularies)
            for name, graph in self.manifest.graphs.items()
        }


@dataclass(frozen=True)
class EnsembleBundle:
    """A bundle of an ensemble network, all of whose digests were checked; `files` holds the very bytes by name."""

    directory: Path
    manifest: EnsembleManifest
    files: Mapping[str, bytes] = field(repr=False)

    def variant(self, requested: Variant | None) -> Variant:
        """Return the requested variant if all graphs have it, else the manifest's."""
        graphs = (self.manifest.step, *self.manifest.heads)
        has_it = requested is not None and all(requested in graph.variants for graph in graphs)
        return requested if requested is not None and has_it else self.manifest.variant

    def graph(self, graph: EventGraph, variant: Variant) -> bytes:
        """Return a graph's file."""
        return self.files[graph.variants[variant].file]


def load_any_bundle(directory: Path) -> Bundle | MelodyBundle | EnsembleBundle:
    """The bundle in `directory`, of whichever kind; see load_bundle."""
    if isinstance(manifest := parse_any_manifest(_read(directory / MANIFEST_FILE)), Manifest):
        return load_bundle(directory)
    files = {info.file: _checked(directory, info.file, info.sha256) for info in manifest.files}
    if isinstance(manifest, EnsembleManifest):
        return EnsembleBundle(directory, manifest, files)
    bundle = MelodyBundle(directory, manifest, files)
    try:
        vocabularies = bundle.vocabularies
    except VocabularyError as error:
        raise BundleError(str(error)) from error
    for name, graph in manifest.graphs.items():
        for info, vocabulary in zip(graph.vocabularies, vocabularies[name], strict=True):
            if (info.stream, info.size) != (vocabulary.stream, len(vocabulary)):
                raise BundleError(
                    f"{info.file} holds {len(vocabulary)} {vocabulary.stream}, the manifest says otherwise"
                )
    return bundle


def parse_any_manifest(text: bytes) -> AnyManifest:
    """The manifest in `text`, of the kind that it states; BundleError when it is malformed."""
    return _parse(_ANY_MANIFEST, text)


def parse_manifest(text: bytes) -> Manifest:
    """The manifest of a C-RNN-GAN in `text`; BundleError when it is malformed, or of another kind."""
    return _parse(_MANIFEST, text)


def _parse(adapter: TypeAdapter[M], text: bytes) -> M:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BundleError(f"{MANIFEST_FILE} is not valid at {where}: {first['msg']}") from error


def bundle_files(manifest: AnyManifest) -> tuple[str, ...]:
    """Return the files, besides the manifest, that a bundle cannot be loaded without."""
    if isinstance(manifest, Manifest):
        return (manifest.graph.file, *(info.file for info in (manifest.int8, manifest.critic) if info))
    return tuple(one.file for one in manifest.files)


def write_melody_bundle(directory: Path, manifest: MelodyManifest, files: Mapping[str, bytes]) -> MelodyBundle:
    """Writes files and manifest into `directory` (made when absent), the manifest last, and loads them again."""
    _write_files(directory, manifest, files)
    bundle = load_any_bundle(directory)
    assert isinstance(bundle, MelodyBundle)
    return bundle


def write_ensemble_bundle(directory: Path, manifest: EnsembleManifest, files: Mapping[str, bytes]) -> EnsembleBundle:
    """Write files and manifest into `directory`, and load them again; see write_melody_bundle."""
    _write_files(directory, manifest, files)
    bundle = load_any_bundle(directory)
    assert isinstance(bundle, EnsembleBundle)
    return bundle


def _write_files(directory: Path, manifest: MelodyManifest | EnsembleManifest, files: Mapping[str, bytes]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for info in manifest.files:
        _replace(directory / info.file, files[info.file])
    _replace(directory / MANIFEST_FILE, (manifest.model_dump_json(indent=2) + "\n").encode())


def _checked(directory: Path, name: str, digest: str) -> bytes:
    content = _read(directory / name)
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise BundleError(f"{name} has digest {found}, but the manifest states {digest}")
    return content


def check_model(manifest: Manifest, model: bytes) -> None:
    """Raises BundleError when `model` is not the file that the manifest's digest states."""
    digest = hashlib.sha256(model).hexdigest()
    if digest != manifest.graph.sha256:
        raise BundleError(f"{manifest.graph.file} has digest {digest}, but the manifest states {manifest.graph.sha256}")


def write_bundle(
    directory: Path, manifest: Manifest, model: bytes, int8: bytes | None = None, critic: bytes | None = None
) -> Bundle:
    """Writes graphs and manifest into `directory` (made when absent), the manifest last, and loads them again.

    A reader sees the old bundle, a digest that does not match, or the new one; never a mixture that passes.
    """
    check_model(manifest, model)
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / manifest.graph.file, model)
    for info, content in ((manifest.int8, int8), (manifest.critic, critic)):
        if info is not None and content is not None:
            _replace(directory / info.file, content)
    text = manifest.model_dump_json(indent=2) + "\n"
    _replace(directory / MANIFEST_FILE, text.encode())
    return load_bundle(directory)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from error


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)
