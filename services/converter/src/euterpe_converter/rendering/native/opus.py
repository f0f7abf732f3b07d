"""libopus: 20 ms of PCM at 48 kHz → one packet of a fixed size (RFC 6716; https://opus-codec.org/docs)."""

from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int32, c_ubyte, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.rendering.native.library import load

LIBRARY = "libopus.so.0"
PACKAGE = "libopus0"

_APPLICATION_AUDIO = 2049
_SET_BITRATE, _SET_VBR, _GET_LOOKAHEAD = 4002, 4006, 4027

_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "opus_get_version_string": (c_char_p, []),
    "opus_encoder_create": (c_void_p, [c_int32, c_int, c_int, POINTER(c_int)]),
    "opus_encoder_destroy": (None, [c_void_p]),
    "opus_encode_float": (c_int32, [c_void_p, POINTER(c_float), c_int, POINTER(c_ubyte), c_int32]),
}


class OpusEncoder:
    """One stream of packets that all have the same size: hard constant bit rate."""

    def __init__(self, *, channels: int, bits_per_second: int, packet_bytes: int) -> None:
        """Raises LibraryMissing, ValueError."""
        self._lib = load(LIBRARY, PACKAGE, _SIGNATURES)
        error = c_int(0)
        self._encoder = self._lib.opus_encoder_create(48_000, channels, _APPLICATION_AUDIO, byref(error))
        if error.value or not self._encoder:
            raise ValueError(f"Opus rejects these parameters (error {error.value})")
        self._packet = (c_ubyte * packet_bytes)()
        # A variadic function: its argument types are declared at the call.
        self._control(_SET_BITRATE, c_int32(bits_per_second))
        self._control(_SET_VBR, c_int32(0))

    @property
    def version(self) -> str:
        """The library's version."""
        version: bytes = self._lib.opus_get_version_string()
        return version.decode("ascii", "replace")

    @property
    def lookahead(self) -> int:
        """Frames at the start that a decoder must discard."""
        frames = c_int32(0)
        self._control(_GET_LOOKAHEAD, byref(frames))
        return frames.value

    def encode(self, samples: NDArray[np.float32]) -> bytes:
        """Return the packet of these samples, shape (960, channels)."""
        data = np.ascontiguousarray(samples, np.float32).ctypes.data_as(POINTER(c_float))
        written = self._lib.opus_encode_float(self._encoder, data, len(samples), self._packet, len(self._packet))
        if written != len(self._packet):
            raise ValueError(f"Opus wrote a packet of {written} bytes instead of {len(self._packet)}")
        return bytes(self._packet)

    def close(self) -> None:
        """Free the encoder."""
        self._lib.opus_encoder_destroy(self._encoder)

    def _control(self, request: int, argument: object) -> None:
        if self._lib.opus_encoder_ctl(c_void_p(self._encoder), c_int(request), argument) != 0:
            raise ValueError(f"Opus rejects request {request}")
