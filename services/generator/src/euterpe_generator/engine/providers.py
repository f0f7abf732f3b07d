"""Where graphs run: on the GPU when there is one, else on the CPU."""

from typing import Final

import onnxruntime as ort

_CUDA: Final = "CUDAExecutionProvider"


def providers() -> list[str]:
    """The execution providers to try, best first."""
    available = ort.get_available_providers()
    return [name for name in (_CUDA, "CPUExecutionProvider") if name in available]


def on_gpu() -> bool:
    """Whether graphs run on a GPU."""
    return providers()[0] == _CUDA


def device_of(session: ort.InferenceSession) -> str:
    """Where a session's tensors lie, as OrtValue names it."""
    return "cuda" if session.get_providers()[0] == _CUDA else "cpu"


def session_options(threads: int) -> ort.SessionOptions:
    """Options of every session: so many threads within an operator, and silence about what is normal."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options
