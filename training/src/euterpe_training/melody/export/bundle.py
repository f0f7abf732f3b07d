"""The files of one network of a melody bundle, and their description in the manifest."""

import hashlib
from typing import Any, Literal

from euterpe_music.manifest import FileInfo, StatePair, TensorInfo
from euterpe_music.melody_manifest import ConditionInfo, TokenGraph, VocabularyInfo

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.data import TokenFormat
from euterpe_training.melody.export.attention import transformer_step
from euterpe_training.melody.export.embeddings import Weights
from euterpe_training.melody.export.recurrent import Variant, recurrent_step
from euterpe_training.onnx_graph import OPSET, GraphBuilder

Part = Literal["melody", "accompaniment"]


def step_graph(weights: Weights, config: MelodyConfig, variant: Variant = "fp32") -> GraphBuilder:
    """Build the graph of a network's weights, named as in its state_dict. Transformers have no int8 variant."""
    if config.cell == "transformer":
        return transformer_step(weights, config.heads, config.window)
    return recurrent_step(weights, config.cell, variant)


def bundle_part(
    part: Part, weights: Weights, config: MelodyConfig, token_format: TokenFormat, *, int8: bool
) -> tuple[TokenGraph, dict[str, bytes]]:
    """Return the manifest's description of one network, and its files by name: graphs and vocabularies."""
    graph = step_graph(weights, config)
    models = {"fp32": graph.build(part)}
    if int8:
        models["int8"] = step_graph(weights, config, "int8").build(part)
    files = {f"{part}.{variant}.onnx": model for variant, model in models.items()}
    vocabularies = []
    for vocabulary in token_format.vocabularies:
        file = f"{part}-{vocabulary.stream}.json"
        files[file] = vocabulary.to_json()
        info = file_info(file, files[file])
        vocabularies.append(VocabularyInfo(**info.model_dump(), stream=vocabulary.stream, size=len(vocabulary)))
    variants: Any = {variant: file_info(f"{part}.{variant}.onnx", model) for variant, model in models.items()}
    return _token_graph(graph, variants, tuple(vocabularies), token_format), files


def _token_graph(
    graph: GraphBuilder, variants: Any, vocabularies: tuple[VocabularyInfo, ...], token_format: TokenFormat
) -> TokenGraph:
    integers = ("token", "condition")
    inputs = tuple(
        TensorInfo(name=name, dtype="int64" if name in integers else "float32", axes=axes)
        for name, axes in graph.inputs.items()
    )
    conditions = (
        ConditionInfo(name=feature.name, size=feature.size, offset=feature.offset) for feature in token_format.features
    )
    return TokenGraph(
        variants=variants,
        opset=OPSET,
        condition="condition" if token_format.features else None,
        inputs=inputs,
        outputs=tuple(TensorInfo(name=name, axes=axes) for name, axes in graph.outputs.items()),
        state=tuple(
            StatePair(input=name, output=f"{name}_out", initial="zeros")
            for name in graph.inputs
            if name not in integers
        ),
        vocabularies=vocabularies,
        conditions=tuple(conditions),
    )


def file_info(file: str, content: bytes) -> FileInfo:
    """Return the name, digest and size of a file of the bundle."""
    return FileInfo(file=file, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
