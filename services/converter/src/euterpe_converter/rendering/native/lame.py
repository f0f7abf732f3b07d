"""libmp3lame: PCM → MPEG-1 layer III frames, without any header (https://lame.sourceforge.io, lame.h)."""

from ctypes import POINTER, c_char_p, c_float, c_int, c_ubyte, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.rendering.native.library import load

LIBRARY = "libmp3lame.so.0"
PACKAGE = "libmp3lame0"
_VBR_MTRH = 4
_STEREO, _JOINT_STEREO, _MONO = 0, 1, 3

_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "get_lame_version": (c_char_p, []),
    "lame_init": (c_void_p, []),
    "lame_close": (c_int, [c_void_p]),
    "lame_init_params": (c_int, [c_void_p]),
    "lame_set_in_samplerate": (c_int, [c_void_p, c_int]),
    "lame_set_out_samplerate": (c_int, [c_void_p, c_int]),
    "lame_set_num_channels": (c_int, [c_void_p, c_int]),
    "lame_set_mode": (c_int, [c_void_p, c_int]),
    "lame_set_quality": (c_int, [c_void_p, c_int]),
    "lame_set_brate": (c_int, [c_void_p, c_int]),
    "lame_set_VBR": (c_int, [c_void_p, c_int]),
    "lame_set_VBR_quality": (c_int, [c_void_p, c_float]),
    "lame_set_bWriteVbrTag": (c_int, [c_void_p, c_int]),
    "lame_encode_buffer_interleaved_ieee_float": (
        c_int,
        [c_void_p, POINTER(c_float), c_int, POINTER(c_ubyte), c_int],
    ),
    "lame_encode_buffer_ieee_float": (
        c_int,
        [c_void_p, POINTER(c_float), POINTER(c_float), c_int, POINTER(c_ubyte), c_int],
    ),
    "lame_encode_flush": (c_int, [c_void_p, POINTER(c_ubyte), c_int]),
    "lame_get_lametag_frame": (c_int, [c_void_p, POINTER(c_ubyte), c_int]),
}


class LameEncoder:
    """One stream, at a constant bit rate, or at a variable one whose first frame is the seek table."""

    def __init__(
        self,
        *,
        sample_rate: int,
        channels: int,
        quality: int,
        kilobits: int = 0,
        variable_quality: float | None = None,
        joint: bool = True,
    ) -> None:
        """`quality` is LAME's effort, 0 (most) to 9; `joint` enables joint stereo.

        Raises LibraryMissing, ValueError.
        """
        self._lib = load(LIBRARY, PACKAGE, _SIGNATURES)
        self._channels = channels
        self._lame = self._lib.lame_init()
        self._lib.lame_set_in_samplerate(self._lame, sample_rate)
        self._lib.lame_set_out_samplerate(self._lame, sample_rate)
        self._lib.lame_set_num_channels(self._lame, channels)
        self._lib.lame_set_mode(self._lame, _MONO if channels == 1 else _JOINT_STEREO if joint else _STEREO)
        self._lib.lame_set_quality(self._lame, quality)
        self._variable = variable_quality is not None
        if variable_quality is None:
            self._lib.lame_set_brate(self._lame, kilobits)
        else:
            self._lib.lame_set_VBR(self._lame, _VBR_MTRH)
            self._lib.lame_set_VBR_quality(self._lame, variable_quality)
        self._lib.lame_set_bWriteVbrTag(self._lame, self._variable)
        if self._lib.lame_init_params(self._lame) < 0:
            raise ValueError("LAME rejects these parameters")

    @property
    def version(self) -> str:
        """The library's version."""
        version: bytes = self._lib.get_lame_version()
        return version.decode("ascii", "replace")

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Return the frames that these samples complete; shape (frames, channels), full scale is 1."""
        size = len(samples) * 5 // 4 + 7200
        out = (c_ubyte * size)()
        data = np.ascontiguousarray(samples, np.float32).ctypes.data_as(POINTER(c_float))
        if self._channels == 1:
            written = self._lib.lame_encode_buffer_ieee_float(self._lame, data, data, len(samples), out, size)
        else:
            written = self._lib.lame_encode_buffer_interleaved_ieee_float(self._lame, data, len(samples), out, size)
        return _output(out, written)

    def flush(self) -> bytes:
        """Return the last frames."""
        out = (c_ubyte * 65536)()
        return _output(out, self._lib.lame_encode_flush(self._lame, out, len(out)))

    def header_frame(self) -> bytes:
        """Return the seek table of a variable bit rate, which replaces the first frame after encoding."""
        out = (c_ubyte * 4096)()
        return _output(out, self._lib.lame_get_lametag_frame(self._lame, out, len(out)))

    def close(self) -> None:
        """Free the encoder."""
        self._lib.lame_close(self._lame)


def _output(out: "bytes | object", written: int) -> bytes:
    if written < 0:
        raise ValueError(f"LAME failed with code {written}")
    return bytes(memoryview(out)[:written])  # type: ignore[arg-type]
