"""Where graphs run: on the GPU when there is one, else on the CPU."""

import onnxruntime as ort


def providers() -> list[str]:
    """The execution providers to try, best first."""
    available = ort.get_available_providers()
    return [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]


def session_options(threads: int) -> ort.SessionOptions:
    """Options of every session: so many threads within an operator, and silence about what is normal."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options
