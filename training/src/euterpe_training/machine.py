"""How a training process uses its machine."""

import ctypes
import sys
from typing import Final

import torch

#: Parameters of glibc's `mallopt` (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT: Final = 1 << 30


def use_machine(threads: int) -> None:
    """`threads` for PyTorch, and up to a gigabyte of freed memory kept at hand, for the whole process.

    glibc hands large pieces back to the system as soon as they are freed. A batch's workspaces, the same every time,
    then come as fresh pages every time, which takes a sixth of an epoch. Without glibc memory stays as it is.
    """
    torch.set_num_threads(threads)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for parameter, value in ((_TRIM_THRESHOLD, _KEPT), (_MMAP_THRESHOLD, _KEPT), (_ARENA_MAX, 1)):
            mallopt(parameter, value)
