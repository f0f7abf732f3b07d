"""The available SoundFonts: names, licences, digests."""

import asyncio
import contextlib
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from euterpe_converter.errors import SoundFontMissing, UnknownSoundFont
from euterpe_converter.rendering.soundfont_store import SUFFIXES, SoundFontStore

#: Files of Debian's packages in order of preference, both under the MIT licence. FluidR3 renders as fast as the
#: compressed MuseScore one, and loads twenty times as fast, because its samples need no decompression.
DEBIAN_SOUNDFONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
)
_DEBIAN_LICENCES = {"FluidR3_GM": "MIT", "MuseScore_General_Lite": "MIT", "MuseScore_General": "MIT"}
_MAX_INFO_BYTES = 1024 * 1024
_MAX_TEXT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class SoundFont:
    """A SoundFont file and the SHA-256 of its content, hexadecimal."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class SoundFontEntry:
    """What clients may know about a SoundFont. `title` and `copyright` are read from the file."""

    name: str
    title: str
    licence: str | None
    copyright: str | None
    size_bytes: int
    default: bool


class SoundFontSource:
    """Provides SoundFonts by name, including those installed or replaced while the service runs.

    The default is `path`, or else the first of Debian's that is installed. Further ones are the .sf2 and .sf3 files of
    `directory` (default: Debian's directories), and those of `remote` with other names. A file `NAME.license` next to
    a SoundFont contains its licence.
    """

    def __init__(
        self, path: Path | None = None, directory: Path | None = None, remote: SoundFontStore | None = None
    ) -> None:
        self._remote = remote
        self._candidates = (path,) if path else DEBIAN_SOUNDFONTS
        self._directories = (directory,) if directory else tuple(each.parent for each in DEBIAN_SOUNDFONTS)
        self._lock = asyncio.Lock()
        self._known: dict[tuple[object, ...], SoundFont] = {}

    async def named(self, name: str | None = None) -> SoundFont:
        """Return the SoundFont of this name, or the default. Raises UnknownSoundFont, SoundFontMissing, Unavailable."""
        if name is None:
            return await self._inspected(self._find())
        paths = self._paths()
        path = paths.get(name)
        if path is None and self._remote:
            path = await self._remote.fetch(name)
        if path is None:
            raise UnknownSoundFont(name, sorted({*paths, *(await self._remote.names() if self._remote else ())}))
        return await self._inspected(path)

    async def entries(self) -> list[SoundFontEntry]:
        """List all SoundFonts by name, without invalid files. Raises Unavailable."""
        found = {entry.name: entry for entry in await asyncio.to_thread(lambda: list(self._entries()))}
        for name, remote in (await self._remote.described() if self._remote else {}).items():
            with contextlib.suppress(SoundFontMissing):
                info = _read_info(io.BytesIO(remote.head), remote.entry.key)
                title, size = info.get(b"INAM", "") or name, remote.entry.size_bytes
                entry = SoundFontEntry(name, title, remote.licence, info.get(b"ICOP"), size, False)
                found.setdefault(name, entry)
        return [found[name] for name in sorted(found)]

    async def check(self) -> None:
        """Check readiness. Raises SoundFontMissing."""
        await self.named()

    async def _inspected(self, path: Path) -> SoundFont:
        identity = _identity(path)
        # Reading 148 MB takes a tenth of a second or more: once per file, off the event loop.
        async with self._lock:
            if identity not in self._known:
                self._known[identity] = await asyncio.to_thread(_inspect, path)
            return self._known[identity]

    def _find(self) -> Path:
        for path in self._candidates:
            if path.is_file():
                return path
        if len(self._candidates) == 1:
            raise SoundFontMissing(f"the SoundFont {self._candidates[0]} does not exist.")
        raise SoundFontMissing("no SoundFont is installed.")

    def _paths(self) -> dict[str, Path]:
        found = {path.stem: path for path in reversed([*self._candidates, *self._files()]) if path.is_file()}
        return dict(sorted(found.items()))

    def _files(self) -> Iterator[Path]:
        for directory in self._directories:
            # Symbolic links are aliases, such as Debian's default-GM.
            files = directory.iterdir() if directory.is_dir() else ()
            yield from sorted(file for file in files if file.suffix in SUFFIXES and not file.is_symlink())

    def _entries(self) -> Iterator[SoundFontEntry]:
        default = next((path for path in self._candidates if path.is_file()), None)
        for name, path in self._paths().items():
            try:
                info = _info(path)
            except (OSError, SoundFontMissing):
                continue
            title = info.get(b"INAM", "") or name
            licence = _licence(path) or _DEBIAN_LICENCES.get(name)
            size = path.stat().st_size
            yield SoundFontEntry(name, title, licence, info.get(b"ICOP"), size, path == default)


def _identity(path: Path) -> tuple[object, ...]:
    try:
        status = path.stat()
    except OSError:
        raise SoundFontMissing(f"the SoundFont {path} cannot be read.") from None
    return path, status.st_ino, status.st_size, status.st_mtime_ns


def _licence(path: Path) -> str | None:
    file = path.with_suffix(".license")
    return file.read_text(errors="replace").strip()[:_MAX_TEXT_LENGTH] if file.is_file() else None


def _inspect(path: Path) -> SoundFont:
    try:
        _info(path)
        with path.open("rb") as file:
            return SoundFont(path, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        raise SoundFontMissing(f"the SoundFont {path} cannot be read.") from None


def _info(path: Path) -> dict[bytes, str]:
    with path.open("rb") as file:
        return _read_info(file, str(path))


def _read_info(file: BinaryIO, name: str) -> dict[bytes, str]:
    """Return the texts of the INFO list (SoundFont 2.04, section 5)."""
    header = file.read(12)
    # FluidSynth renders silence from other files, and reports success.
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise SoundFontMissing(f"{name} is not a SoundFont.")
    start = file.read(12)
    if start[:4] != b"LIST" or start[8:] != b"INFO":
        return {}
    return dict(_texts(file.read(min(int.from_bytes(start[4:8], "little") - 4, _MAX_INFO_BYTES))))


def _texts(content: bytes) -> Iterable[tuple[bytes, str]]:
    position = 0
    while position + 8 <= len(content):
        name, size = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "little")
        text = content[position + 8 : position + 8 + size].split(b"\0")[0].decode("latin-1").strip()
        if text:
            yield name, text[:_MAX_TEXT_LENGTH]
        position += 8 + size + size % 2
