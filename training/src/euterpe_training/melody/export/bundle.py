"""Trained networks → a bundle that the generator loads."""

import hashlib
from typing import Any, Literal

from euterpe_music.manifest import FileInfo, StatePair, TensorInfo
from euterpe_music.melody_manifest import ConditionInfo, TokenGraph, VocabularyInfo

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.data import Language
from euterpe_training.melody.export.attention import transformer_step
from euterpe_training.melody.export.recurrent import Variant, recurrent_step
from euterpe_training.onnx_graph import OPSET, GraphBuilder, Weights

Part = Literal["melody", "accompaniment"]


def step_graph(weights: Weights, config: MelodyConfig, variant: Variant = "fp32") -> GraphBuilder:
    """The graph of any network's weights, named as in its state_dict. Transformers have no int8 variant."""
    if config.cell == "transformer":
        return transformer_step(weights, config.heads, config.window)
    return recurrent_step(weights, config.cell, variant)


def bundle_part(
    part: Part, weights: Weights, config: MelodyConfig, language: Language, *, int8: bool
) -> tuple[TokenGraph, dict[str, bytes]]:
    """What the manifest says about one network, and its files: graphs and vocabularies."""
    graph = step_graph(weights, config)
    models = {"fp32": graph.build(part)}
    if int8:
        models["int8"] = step_graph(weights, config, "int8").build(part)
    files = {f"{part}.{variant}.onnx": model for variant, model in models.items()}
    vocabularies = []
    for vocabulary in language.vocabularies:
        file = f"{part}-{vocabulary.stream}.json"
        files[file] = vocabulary.to_json()
        info = file_info(file, files[file])
        vocabularies.append(VocabularyInfo(**info.model_dump(), stream=vocabulary.stream, size=len(vocabulary)))
    variants: Any = {variant: file_info(f"{part}.{variant}.onnx", model) for variant, model in models.items()}
    return _token_graph(graph, variants, tuple(vocabularies), language), files


def _token_graph(
    graph: GraphBuilder, variants: Any, vocabularies: tuple[VocabularyInfo, ...], language: Language
) -> TokenGraph:
    integers = ("token", "condition")
    inputs = tuple(
        TensorInfo(name=name, dtype="int64" if name in integers else "float32", axes=axes)
        for name, axes in graph.inputs.items()
    )
    conditions = (
        ConditionInfo(name=column.name, size=column.size, offset=column.offset) for column in language.columns
    )
    return TokenGraph(
        variants=variants,
        opset=OPSET,
        condition="condition" if language.columns else None,
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
    """Name, digest and size of a file of the bundle."""
    return FileInfo(file=file, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
