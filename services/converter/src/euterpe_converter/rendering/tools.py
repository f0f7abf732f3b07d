"""The two programs that rendering runs, and their versions."""

import asyncio
import os
import re
import shutil
from dataclasses import dataclass

from euterpe_converter.errors import ToolMissing

#: The environment of every child: what they need, and none of the service's secrets. FluidSynth looks for sound cards
#: through SDL even when it plays none, which wakes PulseAudio's client: a directory in /tmp that stays, 64 MB of shared
#: memory, and a tenth of a second now and then. SDL's dummy driver spares all that.
CHILD_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "SDL_AUDIODRIVER": "dummy"}

_VERSION = re.compile(rb"version ([0-9][^\s,]*)")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: its command, Debian's package, and the option that prints its version."""

    command: str
    package: str
    version_option: str

    def path(self) -> str:
        """Where it is. Raises ToolMissing."""
        found = shutil.which(self.command)
        if found is None:
            raise ToolMissing(self.command, self.package)
        return found

    async def check(self) -> None:
        """Readiness: raises ToolMissing."""
        self.path()

    async def version(self) -> str:
        """What it says its version is. Raises ToolMissing when it does not run."""
        try:
            process = await asyncio.create_subprocess_exec(
                self.path(),
                self.version_option,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=CHILD_ENVIRONMENT,
                start_new_session=True,
            )
        except OSError:
            raise ToolMissing(self.command, self.package) from None
        output, _ = await process.communicate()
        match = _VERSION.search(output)
        if process.returncode != 0 or match is None:
            raise ToolMissing(self.command, self.package)
        return match[1].decode("ascii", "replace")


class Toolchain:
    """Synthesiser and encoder. Versions are asked for once; another version means another renderer."""

    def __init__(self, fluidsynth: str = "fluidsynth", ffmpeg: str = "ffmpeg") -> None:
        self.synthesizer = Tool(fluidsynth, "fluidsynth", "--version")
        self.encoder = Tool(ffmpeg, "ffmpeg", "-version")
        self._versions: str | None = None

    async def versions(self) -> str:
        """One line that changes whenever the same input may give other bytes. Raises ToolMissing."""
        if self._versions is None:
            synthesizer = await self.synthesizer.version()
            self._versions = f"fluidsynth {synthesizer}, ffmpeg {await self.encoder.version()}"
        return self._versions
