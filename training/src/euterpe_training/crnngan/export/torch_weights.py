"""Weights of trained generators as arrays, for export."""

from typing import cast

from torch import Tensor, nn

from euterpe_training.crnngan.export.weights import CategoricalWeights, GeneratorWeights, LstmWeights
from euterpe_training.crnngan.models.categorical import CategoricalGenerator
from euterpe_training.crnngan.models.crnngan import Generator
from euterpe_training.onnx_graph import Array


def generator_weights(g: Generator) -> GeneratorWeights:
    """Return the weights of a continuous generator."""
    input_weight = _array(g.input.weight).copy()
    if not g.feed_previous:
        input_weight[:, g.noise :] = 0
    return GeneratorWeights(
        input_weight, _array(g.input.bias), _lstm_layers(g.lstm), _array(g.output.weight), _array(g.output.bias),
        None if g.slow is None else _lstm_layers(g.slow)[0], g.slow_ticks,
    )  # fmt: skip


def categorical_weights(g: CategoricalGenerator, pitch_sharpness: float = 1.0) -> CategoricalWeights:
    """Return the weights of a categorical generator, with the logits of pitch multiplied by `pitch_sharpness`."""
    lines = [cast(nn.Linear, line) for line in g.logits]
    factors = (1.0, pitch_sharpness, 1.0, 1.0)
    return CategoricalWeights(
        _array(g.controlled.weight),
        _array(g.controlled.bias),
        _lstm_layers(g.lstm),
        _array(g.mixed.weight),
        _array(g.mixed.bias),
        tuple(_array(table) for table in g.embeddings),
        tuple(
            (_array(line.weight * factor), _array(line.bias * factor))
            for line, factor in zip(lines, factors, strict=True)
        ),
        g.classes.floats,
        g.classes.units,
    )


def _lstm_layers(lstm: nn.LSTM) -> tuple[LstmWeights, ...]:
    named = {name: _array(tensor) for name, tensor in lstm.named_parameters()}
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return tuple(
        LstmWeights.from_torch_order(*(named[f"{kind}_l{layer}"] for kind in kinds)) for layer in range(lstm.num_layers)
    )


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array
