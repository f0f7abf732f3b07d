"""Export of a trained style classifier as the bundle that the generator service loads."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from euterpe_music.classifier import Classifier, ClassifierError, ClassifierManifest, write_classifier
from numpy.typing import NDArray
from torch import nn

from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.sources.rolls import DEFAULT_WINDOWS
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.errors import TrainingError
from euterpe_training.onnx_graph import FLOAT, UINT8, Array, GraphBuilder

OPSET: Final = 18
_IR_VERSION: Final = 10


def export_style_classifier(
    network: SmallNetwork, classes: tuple[str, ...], size: int, directory: Path, label: BundleLabel,
    training: dict[str, Any],
) -> Classifier:  # fmt: skip
    """Write model.onnx, classifier.json and card.md; raise TrainingError when the directory already has a version."""
    model = build_classifier(network, size)
    manifest = ClassifierManifest(
        name=label.name,
        version=label.version,
        title=label.title,
        licence=label.licence,
        created=label.date,
        classes=classes,
        size=size,
        windows=DEFAULT_WINDOWS,
        sha256=hashlib.sha256(model).hexdigest(),
        bytes=len(model),
        training=training,
    )
    try:
        written = write_classifier(directory, manifest, model)
    except ClassifierError as error:
        raise TrainingError(str(error)) from error
    (directory / "card.md").write_text(_card(manifest), encoding="utf-8")
    return written


def build_classifier(network: SmallNetwork, size: int) -> bytes:
    """Return the ONNX graph `windows` uint8 [windows, size, size] → `probabilities` [classes], averaged over windows.

    Batch norm is folded into the convolutions.
    """
    graph = GraphBuilder(OPSET, _IR_VERSION)
    graph.input("windows", "windows", size, size, dtype=UINT8)
    arrays: dict[str, NDArray[Any]] = {
        "scale": np.array(1 / 127.5, np.float32), "one": np.array(1, np.float32), "axis1": np.array([1], np.int64),
        "axis0": np.array([0], np.int64), "weight": _array(network.linear.weight), "bias": _array(network.linear.bias),
    }  # fmt: skip
    graph.add("Cast", ["windows"], ["raw"], to=FLOAT)
    graph.add("Mul", ["raw", "scale"], ["scaled"])
    graph.add("Sub", ["scaled", "one"], ["centred"])
    graph.add("Unsqueeze", ["centred", "axis1"], ["x0"])
    layers = list(network.features)
    pairs = [(a, b) for a, b in pairwise(layers) if isinstance(a, nn.Conv2d)]
    for index, (convolution, norm) in enumerate(pairs):
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        arrays[f"w{index}"], arrays[f"b{index}"] = _folded(convolution, norm)
        inputs = [f"x{index}", f"w{index}", f"b{index}"]
        graph.add("Conv", inputs, [f"c{index}"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        graph.add("Relu", [f"c{index}"], [f"x{index + 1}"])
    graph.add("GlobalAveragePool", [f"x{len(pairs)}"], ["pooled"])
    graph.add("Flatten", ["pooled"], ["features"])
    graph.add("Gemm", ["features", "weight", "bias"], ["logits"], transB=1)
    graph.add("Softmax", ["logits"], ["each"], axis=1)
    graph.add("ReduceMean", ["each", "axis0"], ["probabilities"], keepdims=0)
    graph.output("probabilities", network.linear.out_features)
    graph.constants(arrays)
    return graph.build("style_classifier")


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Array, Array]:
    """Return the weights and bias of one convolution equal to the convolution followed by the norm."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return _array(convolution.weight * gain[:, None, None, None]), _array(norm.bias - norm.running_mean * gain)


def _array(tensor: torch.Tensor) -> Array:
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)


def _spread(scores: dict[str, Any], name: str) -> str:
    within = scores.get(f"{name}_within")
    return f"{scores[name]:.3f}" + ("" if within is None else f" ± {within:.3f}")


def _card(manifest: ClassifierManifest) -> str:
    """Return the text of card.md."""
    training = manifest.training
    inputs = f"up to {manifest.windows} windows of {manifest.size} sixteenths and {manifest.size} semitones"
    own, names = training["test"], ("validation_macro_f1", "test_macro_f1", "test_accuracy")
    rows = [f"| {name} | {pieces:,} | {own['test_f1'][name]:.3f} |" for name, pieces in training["pieces"].items()]
    compared = [
        f"| {method}{' (this one)' if method == training['method'] else ''} | "
        + " | ".join(_spread(scores, name) for name in names)
        + " |"
        for method, scores in training["scores"].items()
    ]
    seeds = training["scores"][training["method"]]["seeds"]
    return "\n".join([
        f"# {manifest.name} {manifest.version}", "",
        "Classifies a piece by style from its piano roll: periods of European composers, and later genres. The",
        "generator service tags pieces with it; the probabilities are in a piece's measures as `style_<name>`.", "",
        f"- Graph: {manifest.bytes / 1e3:.0f} kB, opset {OPSET}.",
        f"- Input: {inputs} of a piece; probabilities are averaged over windows.",
        f"- Trained on {training['corpus']}: 64 % training, 16 % validation, 20 % test.",
        "- Velocity, tempo, instruments and drums are not part of the input.", "",
        "| style | pieces | F1 on test pieces |", "|---|---|---|", *rows, "",
        "| balanced by | macro-F1, validation | macro-F1, test | accuracy, test |", "|---|---|---|---|", *compared, "",
        f"Means over {seeds} seed(s), with 95 % intervals. Method and seed were selected on validation pieces; on test",
        f"pieces the released network has macro-F1 {own['test_macro_f1']:.3f}, accuracy {own['test_accuracy']:.3f} and",
        "the F1 scores above. All pieces of a composer count as one period, which is approximate: late Beethoven is",
        "classical. The tag of a generated piece is the style that it resembles most.", "",
    ])  # fmt: skip
