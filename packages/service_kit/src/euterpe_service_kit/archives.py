"""Archives that are created while they are sent."""

import io
from typing import Any


class ArchiveSink(io.RawIOBase):
    """An append-only file; written bytes are taken from its start."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """Tell zipfile that the file is writable."""
        return True

    def write(self, data: Any) -> int:
        """Append data. zipfile learns from the missing `seek` that it cannot go back."""
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        data = bytes(self._written)
        self._written.clear()
        return data
