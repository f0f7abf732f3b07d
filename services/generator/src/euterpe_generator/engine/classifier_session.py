"""The style classifier on ONNX Runtime."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class ClassifierSession:
    """`windows` uint8 [windows, size, size] → probabilities [classes]. Thread-safe."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # The graph takes microseconds; on a GPU the copies would take longer than the computation.
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See the class."""
        return np.asarray(self._session.run(["probabilities"], {"windows": windows})[0], np.float32)
