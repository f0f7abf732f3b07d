"""The stages that are open: one per SoundFont, the least recently used of which make way."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.synth_worker import Stage, StageOptions


@dataclass
class _Entry:
    stage: Stage
    users: int = 0
    retired: bool = False


class Stages:
    """Opens stages when they are needed, and again when one has died."""

    def __init__(self, options: StageOptions, *, most: int) -> None:
        self._options, self._most = options, most
        self._open: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = asyncio.Lock()
        self._versions: str | None = None

    async def versions(self, soundfont: SoundFont) -> str:
        """Of the libraries; they are the same for every SoundFont. Raises what `Stage.open` raises."""
        if self._versions is None:
            async with self.use(soundfont):
                pass
        assert self._versions is not None
        return self._versions

    @asynccontextmanager
    async def use(self, soundfont: SoundFont) -> AsyncGenerator[Stage, None]:
        """A stage with this SoundFont, which stays open for as long as the context. Raises what `Stage.open` raises."""
        async with self._lock:
            entry = await self._entry(soundfont)
            entry.users += 1
        try:
            yield entry.stage
        finally:
            entry.users -= 1
            if entry.retired and not entry.users:
                await asyncio.shield(entry.stage.close())

    async def close(self) -> None:
        """Ends all."""
        entries = list(self._open.values())
        self._open.clear()
        for entry in entries:
            await entry.stage.close()

    async def _entry(self, soundfont: SoundFont) -> _Entry:
        found = self._open.get(soundfont.sha256)
        if found is not None and found.stage.alive:
            self._open.move_to_end(soundfont.sha256)
            return found
        if found is not None:
            await self._retire(soundfont.sha256)
        while len(self._open) >= self._most:
            await self._retire(next(iter(self._open)))
        stage = await Stage.open(soundfont.path, self._options)
        self._versions = stage.versions
        self._open[soundfont.sha256] = entry = _Entry(stage)
        return entry

    async def _retire(self, digest: str) -> None:
        entry = self._open.pop(digest)
        entry.retired = True
        # One that still plays is closed by the last of its users.
        if not entry.users:
            await entry.stage.close()
