"""The running synth workers: one per SoundFont; the least recently used is stopped when there are too many."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.synth_worker import SynthWorker, SynthWorkerOptions


@dataclass
class _Entry:
    worker: SynthWorker
    users: int = 0
    retired: bool = False


class SynthWorkerPool:
    """Starts workers on demand, and again when one has died."""

    def __init__(self, options: SynthWorkerOptions, *, max_workers: int) -> None:
        self._options, self._max_workers = options, max_workers
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = asyncio.Lock()
        self._versions: str | None = None

    async def versions(self, soundfont: SoundFont) -> str:
        """Return the libraries' versions, equal for every SoundFont. Raises as `SynthWorker.start` does."""
        if self._versions is None:
            async with self.use(soundfont):
                pass
        assert self._versions is not None
        return self._versions

    @asynccontextmanager
    async def use(self, soundfont: SoundFont) -> AsyncGenerator[SynthWorker, None]:
        """Provide a worker with this SoundFont that runs as long as the context. Raises as `SynthWorker.start` does."""
        async with self._lock:
            entry = await self._entry(soundfont)
            entry.users += 1
        try:
            yield entry.worker
        finally:
            entry.users -= 1
            if entry.retired and not entry.users:
                await asyncio.shield(entry.worker.close())

    async def close(self) -> None:
        """Stop all workers."""
        entries = list(self._entries.values())
        self._entries.clear()
        for entry in entries:
            await entry.worker.close()

    async def _entry(self, soundfont: SoundFont) -> _Entry:
        found = self._entries.get(soundfont.sha256)
        if found is not None and found.worker.alive:
            self._entries.move_to_end(soundfont.sha256)
            return found
        if found is not None:
            await self._retire(soundfont.sha256)
        while len(self._entries) >= self._max_workers:
            await self._retire(next(iter(self._entries)))
        worker = await SynthWorker.start(soundfont.path, self._options)
        self._versions = worker.versions
        self._entries[soundfont.sha256] = entry = _Entry(worker)
        return entry

    async def _retire(self, digest: str) -> None:
        entry = self._entries.pop(digest)
        entry.retired = True
        # A worker in use is stopped by its last user.
        if not entry.users:
            await entry.worker.close()
