"""SoundFonts in the object store: listed by name, downloaded on first use."""

import asyncio
import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from euterpe_service_kit.object_store import ObjectEntry, ObjectNotFound, ObjectStore

log = structlog.get_logger(__name__)

SUFFIXES = (".sf2", ".sf3")
_LISTING_TTL_SECONDS = 60.0
#: Enough for the INFO list, which precedes the samples.
_HEAD_BYTES = 64 * 1024
_MAX_LICENCE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class RemoteSoundFont:
    """An object, its licence if `NAME.license` exists, and its first bytes."""

    entry: ObjectEntry
    licence: str | None
    head: bytes


class SoundFontStore:
    """The objects `PREFIX NAME.sf2` and `.sf3`. Downloads are kept in `directory`, the latest `max_bytes` of them."""

    def __init__(self, store: ObjectStore, prefix: str, directory: Path, *, max_bytes: int) -> None:
        self._store, self._prefix, self._directory, self._max_bytes = store, prefix, directory, max_bytes
        self._listed: dict[str, ObjectEntry] = {}
        self._listed_at = float("-inf")
        self._descriptions: dict[tuple[str, int, float], RemoteSoundFont] = {}
        self._lock = asyncio.Lock()

    async def names(self) -> list[str]:
        """List the names, at most a minute old. Raises Unavailable."""
        return sorted(await self._entries())

    async def described(self) -> dict[str, RemoteSoundFont]:
        """Map names to what is known without downloading. Raises Unavailable."""
        return {name: await self._described(entry) for name, entry in (await self._entries()).items()}

    async def fetch(self, name: str) -> Path | None:
        """Return the downloaded file, or None when there is none of this name. Raises Unavailable."""
        entry = (await self._entries()).get(name)
        if entry is None:
            return None
        version = f"{entry.key} {entry.size_bytes} {entry.modified.timestamp()}"
        digest = hashlib.sha256(version.encode()).hexdigest()[:16]
        path = self._directory / f"{digest}{Path(entry.key).suffix}"
        async with self._lock:
            if not path.exists():
                await self._download(entry, path)
            os.utime(path)
        return path

    async def _download(self, entry: ObjectEntry, path: Path) -> None:
        started, partial = time.perf_counter(), path.with_suffix(".part")
        self._directory.mkdir(parents=True, exist_ok=True)
        self._make_room(entry.size_bytes)
        try:
            with partial.open("wb") as file:
                async for chunk in self._store.stream(entry.key, first=0, last=entry.size_bytes - 1):
                    await asyncio.to_thread(file.write, chunk)
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
        seconds = round(time.perf_counter() - started, 2)
        log.info("soundfont_fetched", key=entry.key, size_bytes=entry.size_bytes, seconds=seconds)

    def _make_room(self, size: int) -> None:
        # A loaded SoundFont is in its worker's memory, so its file may be deleted.
        files = sorted((path.stat().st_mtime, path) for path in self._directory.iterdir() if path.is_file())
        total = size + sum(path.stat().st_size for _, path in files)
        for _, path in files:
            if total <= self._max_bytes:
                break
            total -= path.stat().st_size
            path.unlink()

    async def _entries(self) -> dict[str, ObjectEntry]:
        if time.monotonic() - self._listed_at > _LISTING_TTL_SECONDS:
            found = await self._store.entries(self._prefix)
            fonts = [
                entry for entry in found if Path(entry.key).suffix in SUFFIXES and entry.size_bytes <= self._max_bytes
            ]
            self._listed = {Path(entry.key).stem: entry for entry in fonts}
            self._listed_at = time.monotonic()
        return self._listed

    async def _described(self, entry: ObjectEntry) -> RemoteSoundFont:
        identity = entry.key, entry.size_bytes, entry.modified.timestamp()
        if identity not in self._descriptions:
            licence = None
            with contextlib.suppress(ObjectNotFound):
                content = await self._store.get(str(Path(entry.key).with_suffix(".license")))
                licence = content.decode("utf-8", "replace").strip()[:_MAX_LICENCE_LENGTH]
            last = min(entry.size_bytes, _HEAD_BYTES) - 1
            chunks = [chunk async for chunk in self._store.stream(entry.key, first=0, last=last)]
            self._descriptions[identity] = RemoteSoundFont(entry, licence, b"".join(chunks))
        return self._descriptions[identity]
