"""ONNX Runtime's side of the classifier of styles."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class ClassifierSession:
    """`windows` uint8 [windows, size, size] → probabilities [classes]; callable from several threads."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Some ten operations of microseconds: a GPU would only wait for copies.
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See the class."""
        return np.asarray(self._session.run(["probabilities"], {"windows": windows})[0], np.float32)
