"""A fork server with one SoundFont in memory: `python -m euterpe_converter.rendering.synth_process CONTROL_FD OPTIONS`.

It forks for every render. A fork takes milliseconds and shares the SoundFont's pages, and every render starts in the
same state, so nothing leaks between pieces, and a crash or hang fails one render. The server itself never reads an
untrusted file and has a single thread, which makes forking safe.

Protocol, on a socket of sequenced packets: first `{"ready": versions, "network": bool, "landlock": bool}`,
`{"missing": …}`, `{"unusable": …}` or `{"unsafe": true}`. A render is requested with `{"id": n, "job": …,
"limits": …}`, a descriptor of the MIDI file and one to write to, and ends with `{"id": n, "status": exit status,
negative for a signal, "message": …}`. `{"kill": n}` ends it early. When the socket closes, all renders are killed.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

from euterpe_service_kit import sandbox

from euterpe_converter.domain.formats import AudioFormat, choose_encoding
from euterpe_converter.rendering.encoders import EncoderInput, Mp3Encoder, OggOpusEncoder
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.native.fluidsynth import FluidSynth, SynthesisFailed
from euterpe_converter.rendering.native.library import LibraryMissing
from euterpe_converter.rendering.render import render
from euterpe_converter.rendering.synth_protocol import (
    ENCODING_FAILED,
    PACKET_BYTES,
    READER_GONE,
    SYNTHESIS_FAILED,
)

_MESSAGE_BYTES = 600


@dataclass(slots=True)
class _Render:
    id: int
    message_fd: int


class ForkServer:
    """The loop that forks render processes."""

    def __init__(self, control: socket.socket, fluidsynth: FluidSynth, ffmpeg: str) -> None:
        self._control = control
        self._fluidsynth = fluidsynth
        self._ffmpeg = ffmpeg
        self._running: dict[int, _Render] = {}

    def run(self) -> None:
        """Serve until the socket is closed."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self._control.fileno(), wake_read], [], [])
            if wake_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._serve():
                break
        for pid in self._running:
            _kill(pid)

    def _serve(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, PACKET_BYTES, 2)
        if not data:
            return False
        request = json.loads(data)
        if "kill" in request:
            for pid, render in self._running.items():
                if render.id == request["kill"]:
                    _kill(pid)
            return True
        midi, out = descriptors
        # An error message fits into the pipe's buffer, so it need not be read before the render ends.
        message_read, message_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            _run_render(request, midi, out, message_write, self._fluidsynth, self._ffmpeg)
        for descriptor in (midi, out, message_write):
            os.close(descriptor)
        self._running[pid] = _Render(request["id"], message_read)
        return True

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            render = self._running.pop(pid, None)
            if render is None:
                # An orphan of a render that has ended.
                continue
            message = os.read(render.message_fd, _MESSAGE_BYTES).decode("utf-8", "replace")
            os.close(render.message_fd)
            self._send({"id": render.id, "status": os.waitstatus_to_exitcode(status), "message": message})

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.send(json.dumps(message).encode())


def _kill(pid: int) -> None:
    # The render's process group includes an ffmpeg that it may have started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _run_render(request: dict[str, Any], midi: int, out: int, message_fd: int, synth: FluidSynth, ffmpeg: str) -> Never:
    """Run in the forked process; never return into the parent's loop."""
    status, message = ENCODING_FAILED, ""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sandbox.close_all_but({0, 1, 2, midi, out, message_fd})
        sandbox.drop_privileges()
        sandbox.set_limits(sandbox.ProcessLimits(**request["limits"]))
        status, message = _render(request["job"], midi, out, synth, ffmpeg)
    except MemoryError:
        message = "out of memory"
    except BaseException as error:  # noqa: BLE001 - the process ends, and its parent reports the error
        message = f"{type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            os.write(message_fd, message.encode("utf-8", "replace")[:_MESSAGE_BYTES])
        # Skips the clean-up of an interpreter that is a copy of the parent's.
        os._exit(status)


def _render(job: dict[str, Any], midi: int, out: int, synth: FluidSynth, ffmpeg: str) -> tuple[int, str]:
    with open(midi, "rb") as file:
        content = file.read()
    try:
        with open(out, "wb") as sink:
            render(RenderJob.from_json(content, job), synth, sink, ffmpeg)
    except BrokenPipeError:
        return READER_GONE, "the reader has gone"
    except SynthesisFailed as error:
        return SYNTHESIS_FAILED, str(error)
    return 0, ""


def main() -> None:
    """Load the SoundFont, report readiness, and serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sandbox.drop_privileges()
    sandbox.set_child_subreaper()
    try:
        fluidsynth = FluidSynth(options["soundfont"], options["fluidsynth"])
        versions = _versions(fluidsynth, options["ffmpeg"])
    except LibraryMissing as error:
        control.send(json.dumps({"missing": error.name, "package": error.package}).encode())
        return
    except SynthesisFailed as error:
        control.send(json.dumps({"unusable": str(error)}).encode())
        return
    is_isolated = sandbox.isolate_network()
    is_isolated = sandbox.deny_sockets() or is_isolated
    if options["require_sandbox"] and not is_isolated:
        control.send(json.dumps({"unsafe": True}).encode())
        return
    has_landlock = sandbox.restrict_writes([Path(tempfile.gettempdir())], [Path(os.devnull)])
    # Otherwise garbage collections in render processes would write to, and so copy, every page with an object on it.
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": versions, "network": not is_isolated, "landlock": has_landlock}).encode())
    ForkServer(control, fluidsynth, options["ffmpeg"]).run()


def _versions(fluidsynth: FluidSynth, ffmpeg: str) -> str:
    """Return one line that changes whenever the same input may give other bytes. Also loads the libraries."""
    import soundfile  # type: ignore[import-untyped]

    parts = {
        "fluidsynth": fluidsynth.version,
        "lame": Mp3Encoder(EncoderInput(choose_encoding(AudioFormat.MP3), 1)).version,
        "opus": OggOpusEncoder(EncoderInput(choose_encoding(AudioFormat.OPUS), 1)).version,
        "sndfile": soundfile.__libsndfile_version__,
        "ffmpeg": _ffmpeg_version(ffmpeg),
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items())


def _ffmpeg_version(command: str) -> str:
    try:
        output = subprocess.run([command, "-version"], capture_output=True, check=True, text=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        # Only one format needs ffmpeg; the readiness check reports that it is missing.
        return "missing"
    return output[2]


if __name__ == "__main__":
    main()
