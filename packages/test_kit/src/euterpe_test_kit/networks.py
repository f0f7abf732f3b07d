"""Bundles with random weights, generated at run time."""

import hashlib
from pathlib import Path
from typing import Any

import onnx
from euterpe_music.bundle import Bundle, load_bundle, write_bundle
from euterpe_music.manifest import Control, TensorInfo
from euterpe_music.parameters import Parameter
from onnx import TensorProto, helper

#: One parameter of each kind; `density` and `style` are network inputs, the others act on the piece.
PARAMETERS = (
    Parameter(name="style", label="Style", kind="choice", choices=("calm", "lively"), default="calm"),
    Parameter(name="density", label="Density", kind="number", minimum=0, maximum=1, default=0.5),
    Parameter(name="loud", label="Loud", kind="boolean", default=False, excludes=("voices",)),
    Parameter(name="voices", label="Voices", kind="int", minimum=1, maximum=4, default=1),
    Parameter(
        name="swing", label="Swing", kind="number", minimum=0, maximum=1, default=0, only_with={"style": ("lively",)}
    ),
    Parameter(name="tempo", label="Tempo", kind="number", minimum=40, maximum=200, default=120, post=True),
    Parameter(
        name="instrument", label="Instrument", kind="choice", choices=("acoustic grand piano", "flute"),
        default="acoustic grand piano", post=True,
    ),
)  # fmt: skip
CONTROLS = (
    Control(parameter="style", feed="one_hot"),
    Control(parameter="density", offset=0.5, scale=2),
    Control(parameter="loud"),
    Control(parameter="voices", offset=1, scale=0.5),
    Control(parameter="swing"),
)


def controlled_bundle(models: Path, plain: Bundle, *, name: str = "tiny-controlled") -> Bundle:
    """Write `plain` with PARAMETERS to `<models>/<name>/0.0.1`: the sum of its controls is added to the noise."""
    model = onnx.load_from_string(plain.model)
    size = 6
    model.graph.input.append(helper.make_tensor_value_info("controls", TensorProto.FLOAT, ["batch", size]))
    weights = helper.make_tensor("control_weights", TensorProto.FLOAT, [size, 1], [0.3, -0.2, 0.5, 0.7, -0.4, 0.9])
    model.graph.initializer.append(weights)
    scan = next(node for node in model.graph.node if node.op_type == "Scan")
    scan.input[:] = ["moved_noise" if given == "noise" else given for given in scan.input]
    nodes: list[Any] = [
        helper.make_node("MatMul", ["controls", "control_weights"], ["push"]),
        helper.make_node("Add", ["noise", "push"], ["moved_noise"]),
        *model.graph.node,
    ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    content = bytes(model.SerializeToString(deterministic=True))
    graph = plain.manifest.graph.model_copy(
        update={
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "controls": "controls",
            "inputs": (*plain.manifest.graph.inputs, TensorInfo(name="controls", axes=("batch", size))),
        }
    )
    sampling = plain.manifest.sampling.model_copy(
        update={"parameters": PARAMETERS, "presets": {"wild": {"style": "lively", "density": 0.9}}}
    )
    changes = {"name": name, "graph": graph, "sampling": sampling, "controls": CONTROLS, "int8": None}
    directory = models / name / "0.0.1"
    write_bundle(directory, plain.manifest.model_copy(update=changes), content)
    return load_bundle(directory)
