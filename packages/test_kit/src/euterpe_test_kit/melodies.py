"""Melody bundles with random weights: LSTM networks that take one step per call."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from euterpe_music.bundle import MelodyBundle, write_melody_bundle
from euterpe_music.manifest import FileInfo, IntRange, Sampling, StatePair, TensorInfo
from euterpe_music.melody_manifest import ConditionInfo, MelodyManifest, TokenGraph, VocabularyInfo
from euterpe_music.melody_parameters import melody_parameters
from euterpe_music.tokens import Vocabulary
from euterpe_music.tokens.conditioning import SIZES
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
_EMBEDDING = 16


def melody_bundle(
    models: Path, *, name: str = "tiny-melody", encoding: int = 1, hidden: int = 16, layers: int = 2, words: int = 60,
    seed: int = 1, modes: bool = False,
) -> MelodyBundle:  # fmt: skip
    """Write melody and accompaniment networks to `<models>/<name>/0.0.1`: `words` tokens, `layers` × LSTM `hidden`.

    With `modes` they compose on white keys and have the condition `mode`.
    """
    random = np.random.default_rng(seed)
    files: dict[str, bytes] = {}
    graphs: dict[Any, TokenGraph] = {}
    for part in ("melody", "accompaniment"):
        vocabularies = _vocabularies(encoding, words, chords=part == "accompaniment")
        conditions = _conditions(part, len(vocabularies[0]), has_echo=encoding == 1, has_mode=modes)
        model = lstm_step(random, [len(one) for one in vocabularies], [one.size for one in conditions], hidden, layers)
        files[f"{part}.onnx"] = model
        infos = []
        for vocabulary in vocabularies:
            file = f"{part}-{vocabulary.stream}.json"
            files[file] = vocabulary.to_json()
            infos.append(VocabularyInfo(
                **_info(file, files[file]).model_dump(), stream=vocabulary.stream, size=len(vocabulary)
            ))  # fmt: skip
        graphs[part] = token_graph(_info(f"{part}.onnx", model), infos, conditions, hidden, layers)
    manifest = MelodyManifest(
        kind="melody",
        name=name,
        version="0.0.1",
        title="Tiny melody",
        description="Random weights, for tests only.",
        licence="Apache-2.0",
        created="2026-11-21",
        encoding=2 if encoding == 2 else 1,
        styles=("plain", "fancy"),
        tonality="white" if modes else "any",
        graphs=graphs,
        sampling=Sampling(
            length=IntRange(min=2, default=4, max=32),
            parameters=melody_parameters(bars=(2, 4, 32), styles=("plain", "fancy")),
        ),
    )
    return write_melody_bundle(models / name / "0.0.1", manifest, files)


def lstm_step(
    random: np.random.Generator, sizes: Sequence[int], conditions: Sequence[int], hidden: int, layers: int
) -> bytes:
    """Return a network of one step: sum of the embeddings of tokens and conditions → LSTM layers → logits."""
    weights: dict[str, NDArray[Any]] = {"axis0": np.zeros(1, np.int64)}
    nodes: list[Any] = []
    inputs = [helper.make_tensor_value_info("token", TensorProto.INT64, ["batch", len(sizes)])]
    if conditions:
        inputs.append(helper.make_tensor_value_info("condition", TensorProto.INT64, ["batch", len(conditions)]))
    embedded = []
    for source, columns in (("token", sizes), ("condition", conditions)):
        for column, size in enumerate(columns):
            tag = f"{source}{column}"
            weights[f"{tag}_at"] = np.array(column, np.int64)
            weights[f"{tag}_table"] = random.normal(0, 1, (size, _EMBEDDING)).astype(np.float32)
            nodes.append(helper.make_node("Gather", [source, f"{tag}_at"], [f"{tag}_number"], axis=1))
            nodes.append(helper.make_node("Gather", [f"{tag}_table", f"{tag}_number"], [f"{tag}_vector"], axis=0))
            embedded.append(f"{tag}_vector")
    nodes.append(helper.make_node("Sum", embedded, ["joined"]))
    nodes.append(helper.make_node("Unsqueeze", ["joined", "axis0"], ["x0"]))
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", sum(sizes)])]
    for layer in range(layers):
        width = hidden if layer else _EMBEDDING
        for name, shape in ((f"w{layer}", (1, 4 * hidden, width)), (f"r{layer}", (1, 4 * hidden, hidden))):
            weights[name] = random.normal(0, 2 / np.sqrt(shape[-1]), shape).astype(np.float32)
        weights[f"b{layer}"] = random.normal(0, 0.5, (1, 8 * hidden)).astype(np.float32)
        for state in ("h", "c"):
            inputs.append(helper.make_tensor_value_info(f"{state}{layer}", TensorProto.FLOAT, ["batch", hidden]))
            outputs.append(helper.make_tensor_value_info(f"{state}{layer}_out", TensorProto.FLOAT, ["batch", hidden]))
            nodes.append(helper.make_node("Unsqueeze", [f"{state}{layer}", "axis0"], [f"{state}{layer}_in"]))
        lstm_inputs = [f"x{layer}", f"w{layer}", f"r{layer}", f"b{layer}", "", f"h{layer}_in", f"c{layer}_in"]
        nodes.append(helper.make_node(
            "LSTM", lstm_inputs, ["", f"x{layer + 1}", f"c{layer}_next"], hidden_size=hidden
        ))  # fmt: skip
        nodes.append(helper.make_node("Squeeze", [f"x{layer + 1}", "axis0"], [f"h{layer}_out"]))
        nodes.append(helper.make_node("Squeeze", [f"c{layer}_next", "axis0"], [f"c{layer}_out"]))
    weights["out"] = random.normal(0, 4 / np.sqrt(hidden), (hidden, sum(sizes))).astype(np.float32)
    weights["out_bias"] = random.normal(0, 0.5, sum(sizes)).astype(np.float32)
    nodes.append(helper.make_node("Gemm", [f"h{layers - 1}_out", "out", "out_bias"], ["logits"]))
    initializers = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "step", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def token_graph(
    file: FileInfo,
    vocabularies: Sequence[VocabularyInfo],
    conditions: Sequence[ConditionInfo],
    hidden: int,
    layers: int,
) -> TokenGraph:
    """Return the manifest entry of a graph of `lstm_step`."""
    states = [f"{state}{layer}" for layer in range(layers) for state in ("h", "c")]
    inputs = [TensorInfo(name="token", dtype="int64", axes=("batch", len(vocabularies)))]
    if conditions:
        inputs.append(TensorInfo(name="condition", dtype="int64", axes=("batch", len(conditions))))
    logits = TensorInfo(name="logits", axes=("batch", sum(one.size for one in vocabularies)))
    return TokenGraph(
        variants={"fp32": file},
        opset=OPSET,
        condition="condition" if conditions else None,
        inputs=(*inputs, *(TensorInfo(name=state, axes=("batch", hidden)) for state in states)),
        outputs=(logits, *(TensorInfo(name=f"{state}_out", axes=("batch", hidden)) for state in states)),
        state=tuple(StatePair(input=state, output=f"{state}_out", initial="zeros") for state in states),
        vocabularies=tuple(vocabularies),
        conditions=tuple(conditions),
    )


def _conditions(part: str, words: int, *, has_echo: bool, has_mode: bool) -> tuple[ConditionInfo, ...]:
    names: tuple[Any, ...] = ("style", "position", "remaining") if part == "melody" else ("position", "melody")
    conditions = tuple(ConditionInfo(name=column, size=SIZES.get(column, 2)) for column in names)
    if has_mode:
        conditions = (*conditions, ConditionInfo(name="mode", size=SIZES["mode"]))
    return (ConditionInfo(name="echo", size=words, offset=1), *conditions) if has_echo else conditions


def _vocabularies(encoding: int, words: int, *, chords: bool) -> list[Vocabulary]:
    notes = [str(pitch) for pitch in range(48, 84)]
    triads = [f"{root}.{(root + 4) % 12}.{(root + 7) % 12}" for root in range(12)]
    some = (triads + notes if chords else notes + triads)[: words - 4]
    some += [str(pitch) for pitch in (*range(48), *range(84, 128))][: words - 4 - len(some)]
    # Larger vocabularies are for benchmarks only: distinct chords of two or more notes.
    pairs = [f"{low}.{high}.{top}" for low in range(12) for high in range(12) for top in range(12)]
    pairs = [pair for pair in pairs if len(set(pair.split("."))) == 3 and pair not in some]
    some += pairs[: max(words - 4 - len(some), 0)]
    if encoding == 1:
        return [Vocabulary.build("steps", [["r", "_", *some]])]
    return [
        Vocabulary.build("pitches", [["r", *some]]),
        Vocabulary.build("durations", [["1/4", "1/2", "1", "3/4", "1/3", "2"]]),
    ]


def _info(file: str, content: bytes) -> FileInfo:
    return FileInfo(file=file, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
