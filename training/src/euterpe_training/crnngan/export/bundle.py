"""Write generator weights as a bundle."""

import hashlib
import shutil
from pathlib import Path

from euterpe_music.bundle import Bundle, write_bundle
from euterpe_music.manifest import (
    FileInfo,
    GraphInfo,
    IntRange,
    Manifest,
    Sampling,
    StatePair,
    TensorInfo,
    TrainingInfo,
    Variant,
)
from euterpe_music.spec import EventSpec

from euterpe_training.bundle_label import BundleLabel, check_version
from euterpe_training.crnngan.export.categorical_graph import DRAWS, build_categorical, state_axes
from euterpe_training.crnngan.export.generator_graph import build_generator
from euterpe_training.crnngan.export.generator_graph import state_axes as generator_state
from euterpe_training.crnngan.export.int8 import to_int8
from euterpe_training.crnngan.export.parameters import NO_PARAMETERS, UserParameters
from euterpe_training.crnngan.export.weights import CategoricalWeights, GeneratorWeights
from euterpe_training.errors import TrainingError
from euterpe_training.onnx_graph import OPSET

#: Events of a piece. The maximum is the length that was measured; the graph has no limit.
DEFAULT_LENGTH = IntRange(min=10, default=100, max=2000)
INT8_FILE = "model.int8.onnx"
CRITIC_FILE = "critic.onnx"


def graph_info(weights: GeneratorWeights | CategoricalWeights, model: bytes) -> GraphInfo:
    """Return the manifest's description of a graph of `build_generator` or `build_categorical`."""
    if isinstance(weights, CategoricalWeights):
        return _categorical_info(weights, model)
    features, axes = weights.features, generator_state(weights)
    return GraphInfo(
        sha256=hashlib.sha256(model).hexdigest(),
        bytes=len(model),
        opset=OPSET,
        inputs=(
            TensorInfo(name="noise", axes=("steps", "batch", weights.noise)),
            *(TensorInfo(name=name, axes=shape) for name, shape in axes.items()),
        ),
        outputs=(
            TensorInfo(name="events", axes=("steps", "batch", features)),
            *(TensorInfo(name=f"{name}_out", axes=shape) for name, shape in axes.items()),
        ),
        state=tuple(
            StatePair(input=name, output=f"{name}_out", initial="uniform" if name == "previous" else "zeros")
            for name in axes
        ),
    )


def _categorical_info(weights: CategoricalWeights, model: bytes) -> GraphInfo:
    axes = state_axes(weights)
    return GraphInfo(
        sha256=hashlib.sha256(model).hexdigest(),
        bytes=len(model),
        opset=OPSET,
        controls="controls",
        inputs=(
            TensorInfo(name="noise", axes=("steps", "batch", DRAWS)),
            TensorInfo(name="controls", axes=("batch", weights.controls + 1)),
            *(TensorInfo(name=name, axes=shape) for name, shape in axes.items()),
        ),
        outputs=(
            TensorInfo(name="events", axes=("steps", "batch", DRAWS)),
            *(TensorInfo(name=f"{name}_out", axes=shape) for name, shape in axes.items()),
        ),
        state=tuple(StatePair(input=name, output=f"{name}_out", initial="zeros") for name in axes),
    )


def export_bundle(
    directory: Path,
    weights: GeneratorWeights | CategoricalWeights,
    spec: EventSpec,
    label: BundleLabel,
    *,
    length: IntRange = DEFAULT_LENGTH,
    parameters: UserParameters = NO_PARAMETERS,
    training: TrainingInfo | None = None,
    variant: Variant = "fp32",
    critic: bytes | None = None,
) -> Bundle:
    """Write both graphs and manifest.json into `directory`; raise ValueError when weights and spec do not match.

    `parameters` are those that users can set; a categorical generator needs those of its controls. `variant` is the
    graph that is run by default: int8 only after its music was measured to be equivalent. `critic` is a graph from
    events to a score; see Manifest.
    """
    model = build_categorical(weights) if isinstance(weights, CategoricalWeights) else build_generator(weights)
    int8 = to_int8(model)
    manifest = Manifest(
        kind="crnngan",
        name=label.name,
        version=label.version,
        title=label.title,
        description=label.description,
        licence=label.licence,
        created=label.date,
        spec=spec.to_dict(),
        spec_sha256=spec.sha256,
        graph=graph_info(weights, model),
        int8=_file_info(INT8_FILE, int8),
        variant=variant,
        critic=_file_info(CRITIC_FILE, critic) if critic else None,
        sampling=Sampling(length=length, parameters=parameters.parameters, presets=parameters.presets),
        controls=parameters.controls,
        training=training,
    )
    return write_bundle(directory, manifest, model, int8, critic)


def add_int8(bundle: Bundle, version: str, variant: Variant) -> Bundle:
    """Write a new version of `bundle` with an int8 graph next to it; raise ValueError for a graph without LSTMs.

    The other files (card, pictures) are copied. Raise TrainingError when the version exists.
    """
    check_version(version)
    directory = bundle.directory.parent / version
    if directory.exists():
        raise TrainingError(f"{directory} already exists; give another version")
    int8 = to_int8(bundle.model)
    shutil.copytree(bundle.directory, directory)
    changes = {"version": version, "int8": _file_info(INT8_FILE, int8), "variant": variant}
    return write_bundle(directory, bundle.manifest.model_copy(update=changes), bundle.model, int8)


def _file_info(name: str, content: bytes) -> FileInfo:
    return FileInfo(file=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
