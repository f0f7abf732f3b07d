"""Weights of the two C-RNN-GAN generators as arrays; needs no PyTorch."""

from dataclasses import dataclass

import numpy as np

from euterpe_training.onnx_graph import Array


@dataclass(frozen=True)
class LstmWeights:
    """One LSTM layer: `w` [4H, in], `r` [4H, H], `b` [8H] (input biases, then recurrent ones), gates i o f c."""

    w: Array
    r: Array
    b: Array

    @classmethod
    def from_torch_order(cls, w: Array, r: Array, b_input: Array, b_recurrent: Array) -> "LstmWeights":
        """Reorder PyTorch's gates (i f g o) into ONNX's (i o f c)."""

        def reorder(matrix: Array) -> Array:
            i, f, g, o = np.split(matrix, 4)
            return np.concatenate([i, o, f, g])

        return cls(reorder(w), reorder(r), np.concatenate([reorder(b_input), reorder(b_recurrent)]))


@dataclass(frozen=True)
class GeneratorWeights:
    """Weights of a continuous generator: input [H, noise + features], its layers, and output [features, H].

    With `multiscale`, `slow` is the LSTM that takes one step per `slow_ticks` events.
    """

    input_weight: Array
    input_bias: Array
    layers: tuple[LstmWeights, ...]
    output_weight: Array
    output_bias: Array
    slow: LstmWeights | None = None
    slow_ticks: int = 0

    @property
    def hidden(self) -> int:
        """Units per layer."""
        return int(self.input_weight.shape[0])

    @property
    def features(self) -> int:
        """Floats per event."""
        return int(self.output_weight.shape[0])

    @property
    def noise(self) -> int:
        """Uniform draws per step."""
        return int(self.input_weight.shape[1]) - self.features


@dataclass(frozen=True)
class CategoricalWeights:
    """Weights of a categorical generator; attributes are delta, pitch, length and velocity, in this order.

    `control_weight` [H, controls] and `control_bias` [H] project the controls, `head_weight` [3 · head, H] and
    `head_bias` the top layer's output. `embeddings` are those of the four attributes and of the position in the bar,
    [classes, 3 · head + H]; `logits` holds a weight and a bias per attribute, `floats` each class's value in an event,
    `units` the grid units that each class of delta advances.
    """

    control_weight: Array
    control_bias: Array
    layers: tuple[LstmWeights, ...]
    head_weight: Array
    head_bias: Array
    embeddings: tuple[Array, ...]
    logits: tuple[tuple[Array, Array], ...]
    floats: tuple[Array, ...]
    units: Array

    @property
    def hidden(self) -> int:
        """Units per layer."""
        return int(self.control_weight.shape[0])

    @property
    def controls(self) -> int:
        """Floats of style and density; the graph's `controls` input has the noise scale after them."""
        return int(self.control_weight.shape[1])

    @property
    def head(self) -> int:
        """Units between one attribute and the next."""
        return int(self.head_weight.shape[0]) // 3
