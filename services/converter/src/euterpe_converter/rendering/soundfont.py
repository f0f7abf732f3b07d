"""Finds the SoundFont and knows its digest."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from euterpe_converter.errors import SoundFontMissing

#: Where Debian's packages put theirs, best first. FluidR3 renders 2 to 10 times as fast as the compressed MuseScore
#: one, in half the memory: see `synthesizer`. Both are under the MIT licence.
DEBIAN_SOUNDFONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
)


@dataclass(frozen=True, slots=True)
class SoundFont:
    """A SoundFont file and the SHA-256 of its content, hexadecimal."""

    path: Path
    sha256: str


class SoundFontSource:
    """Hands out the SoundFont; one that is installed or replaced while the service runs is noticed.

    `path` None means the first of Debian's that is there.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._candidates = (path,) if path else DEBIAN_SOUNDFONTS
        self._lock = asyncio.Lock()
        self._identity: tuple[object, ...] = ()
        self._current: SoundFont | None = None

    async def current(self) -> SoundFont:
        """The SoundFont to use now. Raises SoundFontMissing when there is none or the file is none."""
        path = self._find()
        try:
            status = path.stat()
        except OSError:
            raise SoundFontMissing(f"the SoundFont {path} cannot be read.") from None
        identity = (path, status.st_ino, status.st_size, status.st_mtime_ns)
        # Reading 148 MB takes a tenth of a second or more: once, off the event loop.
        async with self._lock:
            if self._current is None or identity != self._identity:
                self._current = await asyncio.to_thread(_inspect, path)
                self._identity = identity
            return self._current

    async def check(self) -> None:
        """Readiness: raises SoundFontMissing."""
        await self.current()

    def _find(self) -> Path:
        for path in self._candidates:
            if path.is_file():
                return path
        if len(self._candidates) == 1:
            raise SoundFontMissing(f"the SoundFont {self._candidates[0]} does not exist.")
        raise SoundFontMissing("there is no SoundFont.")


def _inspect(path: Path) -> SoundFont:
    try:
        with path.open("rb") as file:
            header = file.read(12)
            # FluidSynth would render silence from anything else, and say that it succeeded.
            if header[:4] != b"RIFF" or header[8:] != b"sfbk":
                raise SoundFontMissing(f"{path} is no SoundFont.")
            file.seek(0)
            return SoundFont(path, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        raise SoundFontMissing(f"the SoundFont {path} cannot be read.") from None
