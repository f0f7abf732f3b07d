"""From a trained classifier of styles to the bundle that the generator loads."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from euterpe_music.classifier import Classifier, ClassifierError, ClassifierManifest, write_classifier
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.sources.rolls import DEFAULT_WINDOWS
from euterpe_training.bundle_label import Label
from euterpe_training.errors import TrainingError

OPSET: Final = 18
_IR_VERSION: Final = 10


def export_style_classifier(
    network: SmallNetwork, classes: tuple[str, ...], size: int, directory: Path, label: Label, training: dict[str, Any]
) -> Classifier:
    """Writes model.onnx, classifier.json and card.md; TrainingError when the directory holds a version already."""
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
    """ONNX: `windows` uint8 [windows, size, size] → `probabilities` [classes], the mean over the windows.

    Batch norm is folded into the convolutions, so the graph holds nothing but them, a linear layer and a softmax.
    """
    node = helper.make_node
    arrays: dict[str, NDArray[Any]] = {
        "scale": np.array(1 / 127.5, np.float32), "one": np.array(1, np.float32), "axis1": np.array([1], np.int64),
        "axis0": np.array([0], np.int64), "weight": _array(network.linear.weight), "bias": _array(network.linear.bias),
    }  # fmt: skip
    nodes = [
        node("Cast", ["windows"], ["raw"], to=TensorProto.FLOAT),
        node("Mul", ["raw", "scale"], ["scaled"]),
        node("Sub", ["scaled", "one"], ["centred"]),
        node("Unsqueeze", ["centred", "axis1"], ["x0"]),
    ]
    layers = list(network.features)
    pairs = [(a, b) for a, b in pairwise(layers) if isinstance(a, nn.Conv2d)]
    for index, (convolution, norm) in enumerate(pairs):
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        arrays[f"w{index}"], arrays[f"b{index}"] = _folded(convolution, norm)
        source = [f"x{index}", f"w{index}", f"b{index}"]
        nodes.append(node("Conv", source, [f"c{index}"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
        nodes.append(node("Relu", [f"c{index}"], [f"x{index + 1}"]))
    nodes += [
        node("GlobalAveragePool", [f"x{len(pairs)}"], ["pooled"]),
        node("Flatten", ["pooled"], ["features"]),
        node("Gemm", ["features", "weight", "bias"], ["logits"], transB=1),
        node("Softmax", ["logits"], ["each"], axis=1),
        node("ReduceMean", ["each", "axis0"], ["probabilities"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "style_classifier",
        [helper.make_tensor_value_info("windows", TensorProto.UINT8, ["windows", size, size])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [network.linear.out_features])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="euterpe-training")
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and bias of a convolution that does what the two do one after the other."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return _array(convolution.weight * gain[:, None, None, None]), _array(norm.bias - norm.running_mean * gain)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)


def _spread(scores: dict[str, Any], name: str) -> str:
    within = scores.get(f"{name}_within")
    return f"{scores[name]:.3f}" + ("" if within is None else f" ± {within:.3f}")


def _card(manifest: ClassifierManifest) -> str:
    """What it is, how it was made, and how far to trust it."""
    training = manifest.training
    looks = f"up to {manifest.windows} windows of {manifest.size} sixteenths and {manifest.size} semitones"
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
        "Says which style a piece is in, from its piano roll: periods of European composers, and later genres. The",
        "generator tags pieces with it; the probabilities are in a piece's measures as `style_<name>`.", "",
        f"- Graph: {manifest.bytes / 1e3:.0f} kB, opset {OPSET}.",
        f"- It looks at {looks}; probabilities are averaged.",
        f"- Trained on {training['corpus']}; 64 % of the pieces train, 16 % validate, 20 % test.",
        "- Velocity, tempo, instruments and drums are not shown to it: it hears notes, not who typed them.", "",
        "| style | pieces | F1 on test pieces |", "|---|---|---|", *rows, "",
        "| balanced by | macro-F1, validation | macro-F1, test | accuracy, test |", "|---|---|---|---|", *compared, "",
        f"Means of {seeds} seed(s), with 95 % intervals. Validation pieces chose method and seed; the released network",
        f"has {own['test_macro_f1']:.3f} on test pieces, accuracy {own['test_accuracy']:.3f}, and the F1 above.",
        "Composers stand for their period as a whole, which is rough: late Beethoven counts as classical. A composed",
        "piece is tagged with what it resembles, not with what it is.", "",
    ])  # fmt: skip
