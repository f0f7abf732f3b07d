"""Execution providers: a GPU if there is one, else the CPU."""

from typing import Final

import onnxruntime as ort

CUDA: Final = "CUDAExecutionProvider"


def providers() -> list[str]:
    """List the available execution providers, preferred first."""
    available = ort.get_available_providers()
    return [name for name in (CUDA, "CPUExecutionProvider") if name in available]


def on_gpu() -> bool:
    """Return whether graphs run on a GPU."""
    return providers()[0] == CUDA


def device_of(session: ort.InferenceSession) -> str:
    """Return the device of a session's tensors, as OrtValue names it."""
    return "cuda" if session.get_providers()[0] == CUDA else "cpu"


def session_options(threads: int) -> ort.SessionOptions:
    """Return the options of every session: `threads` per operator, and only errors in the log."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options
