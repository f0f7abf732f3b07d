"""Process-wide settings for training: threads and memory."""

import ctypes
import sys
from typing import Final

import torch

#: Parameters of glibc's `mallopt` (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_RETAINED_BYTES: Final = 1 << 30


def configure_process(threads: int) -> None:
    """Set PyTorch's number of threads, and let glibc retain up to a gigabyte of freed memory.

    glibc returns large blocks to the system as soon as they are freed. A batch's workspaces, the same every time, would
    then be allocated as fresh pages every time, which takes a sixth of an epoch. Other allocators are left as they are.
    """
    torch.set_num_threads(threads)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for parameter, value in (
            (_TRIM_THRESHOLD, _RETAINED_BYTES), (_MMAP_THRESHOLD, _RETAINED_BYTES), (_ARENA_MAX, 1)
        ):  # fmt: skip
            mallopt(parameter, value)
