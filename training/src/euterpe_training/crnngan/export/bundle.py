"""Generator weights → bundle."""

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

from euterpe_training.bundle_label import Label, check_version
from euterpe_training.crnngan.export.categorical_graph import DRAWS, CategoricalWeights, build_categorical
from euterpe_training.crnngan.export.generator_graph import OPSET, GeneratorWeights, build_generator
from euterpe_training.crnngan.export.int8 import to_int8
from euterpe_training.crnngan.export.parameters import NO_WISHES, Wishes
from euterpe_training.errors import TrainingError

#: Events of a piece. The longest is what was listened to and measured, not what the graph could do.
DEFAULT_LENGTH = IntRange(min=10, default=100, max=2000)
INT8_FILE = "model.int8.onnx"


def graph_info(weights: GeneratorWeights | CategoricalWeights, model: bytes) -> GraphInfo:
    """What the manifest says about a graph of `build_generator` or `build_categorical`."""
    if isinstance(weights, CategoricalWeights):
        return _categorical_info(weights, model)
    features, state = weights.features, (len(weights.layers), "batch", weights.hidden)
    return GraphInfo(
        sha256=hashlib.sha256(model).hexdigest(),
        bytes=len(model),
        opset=OPSET,
        inputs=(
            TensorInfo(name="noise", axes=("steps", "batch", weights.noise)),
            TensorInfo(name="previous", axes=("batch", features)),
            TensorInfo(name="h", axes=state),
            TensorInfo(name="c", axes=state),
        ),
        outputs=(
            TensorInfo(name="events", axes=("steps", "batch", features)),
            TensorInfo(name="previous_out", axes=("batch", features)),
            TensorInfo(name="h_out", axes=state),
            TensorInfo(name="c_out", axes=state),
        ),
        state=(
            StatePair(input="previous", output="previous_out", initial="uniform"),
            StatePair(input="h", output="h_out", initial="zeros"),
            StatePair(input="c", output="c_out", initial="zeros"),
        ),
    )


def _categorical_info(weights: CategoricalWeights, model: bytes) -> GraphInfo:
    recurrent = (len(weights.layers), "batch", weights.hidden)
    axes: dict[str, tuple[int | str, ...]] = {
        "previous": ("batch", weights.hidden), "clock": ("batch", 1), "h": recurrent, "c": recurrent,
    }  # fmt: skip
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
    label: Label,
    *,
    length: IntRange = DEFAULT_LENGTH,
    wishes: Wishes = NO_WISHES,
    training: TrainingInfo | None = None,
    variant: Variant = "fp32",
) -> Bundle:
    """Writes both graphs and manifest.json into `directory`; ValueError when weights and spec do not fit.

    `wishes` are what listeners may set; a categorical generator needs those of its controls. `variant` is the one to
    run: int8 once its music was measured to be the same.
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
        int8=_int8_info(int8),
        variant=variant,
        sampling=Sampling(length=length, parameters=wishes.parameters, presets=wishes.presets),
        controls=wishes.controls,
        training=training,
    )
    return write_bundle(directory, manifest, model, int8)


def add_int8(bundle: Bundle, version: str, variant: Variant) -> Bundle:
    """Writes a new version of `bundle`, with its int8 graph, beside it; ValueError for a graph without LSTMs.

    What lies beside the graphs (card, pictures) is copied; TrainingError when there is such a version.
    """
    check_version(version)
    directory = bundle.directory.parent / version
    if directory.exists():
        raise TrainingError(f"{directory} is there already; give another version")
    int8 = to_int8(bundle.model)
    shutil.copytree(bundle.directory, directory)
    changes = {"version": version, "int8": _int8_info(int8), "variant": variant}
    return write_bundle(directory, bundle.manifest.model_copy(update=changes), bundle.model, int8)


def _int8_info(content: bytes) -> FileInfo:
    return FileInfo(file=INT8_FILE, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
