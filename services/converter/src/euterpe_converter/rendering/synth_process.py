"""A process with one SoundFont in memory that forks itself for every render: `python -m … CONTROL_FD OPTIONS`.

A fork costs some milliseconds and shares the SoundFont's pages, and every render begins in exactly the same state; so
nothing leaks from one piece into the next, and a crash or a hang costs one render. This process never reads a file that
a stranger made, and has no second thread, which makes forking safe.

Protocol, on a socket of sequenced packets: first `{"ready": versions, "network": bool}` or `{"missing": …}`; then each
render is asked for with `{"id": n, "job": …, "limits": …}`, a descriptor of the MIDI file and one to write into, and
ends with `{"id": n, "status": exit status, negative for a signal, "message": …}`; `{"kill": n}` ends it early. Renders
end with their asker: when the socket closes, all are killed.
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
from dataclasses import dataclass
from typing import Any, Never

from euterpe_converter.domain.audio import AudioFormat, Encoding
from euterpe_converter.rendering import sandbox
from euterpe_converter.rendering.encoders import Mp3Encoder, OpusBody
from euterpe_converter.rendering.job import RenderJob
from euterpe_converter.rendering.native.fluidsynth import FluidSynth, SynthesisFailed
from euterpe_converter.rendering.native.library import LibraryMissing
from euterpe_converter.rendering.render import perform
from euterpe_converter.rendering.synth_protocol import (
    ENCODING_FAILED,
    LISTENER_GONE,
    PACKET_BYTES,
    SYNTHESIS_FAILED,
)

_MESSAGE_BYTES = 600


@dataclass(slots=True)
class _Render:
    number: int
    words: int


class StageWorker:
    """The loop that forks."""

    def __init__(self, control: socket.socket, fluidsynth: FluidSynth, ffmpeg: str) -> None:
        self._control = control
        self._fluidsynth = fluidsynth
        self._ffmpeg = ffmpeg
        self._running: dict[int, _Render] = {}

    def run(self) -> None:
        """Serves until the socket is closed."""
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
                if render.number == request["kill"]:
                    _kill(pid)
            return True
        midi, out = descriptors
        # What it says about its failure fits into the pipe's buffer, so nobody needs to read along.
        words_read, words_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            _perform(request, midi, out, words_write, self._fluidsynth, self._ffmpeg)
        for descriptor in (midi, out, words_write):
            os.close(descriptor)
        self._running[pid] = _Render(request["id"], words_read)
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
                # Started by a render that has ended before it.
                continue
            message = os.read(render.words, _MESSAGE_BYTES).decode("utf-8", "replace")
            os.close(render.words)
            self._tell({"id": render.number, "status": os.waitstatus_to_exitcode(status), "message": message})

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.send(json.dumps(message).encode())


def _kill(pid: int) -> None:
    # Its own session, so its own group, with the ffmpeg that it may have started.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _perform(request: dict[str, Any], midi: int, out: int, words: int, synth: FluidSynth, ffmpeg: str) -> Never:
    """Runs in the forked process, and never returns into the loop of its parent."""
    status, message = ENCODING_FAILED, ""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sandbox.close_all_but({0, 1, 2, midi, out, words})
        sandbox.renounce()
        sandbox.limit(sandbox.RenderLimits(**request["limits"]))
        status, message = _play(request["job"], midi, out, synth, ffmpeg)
    except MemoryError:
        message = "out of memory"
    except BaseException as error:  # noqa: BLE001 - the process ends with it, and its parent tells
        message = f"{type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            os.write(words, message.encode("utf-8", "replace")[:_MESSAGE_BYTES])
        # Without the clean-up of an interpreter that is a copy of another.
        os._exit(status)


def _play(job: dict[str, Any], midi: int, out: int, synth: FluidSynth, ffmpeg: str) -> tuple[int, str]:
    with open(midi, "rb") as file:
        content = file.read()
    try:
        with open(out, "wb") as sink:
            perform(RenderJob.from_json(content, job), synth, sink, ffmpeg)
    except BrokenPipeError:
        return LISTENER_GONE, "nobody listens"
    except SynthesisFailed as error:
        return SYNTHESIS_FAILED, str(error)
    return 0, ""


def main() -> None:
    """Loads the SoundFont, tells so, and serves."""
    control = socket.socket(fileno=int(sys.argv[1]))
    options = json.loads(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sandbox.renounce()
    sandbox.adopt()
    try:
        fluidsynth = FluidSynth(options["soundfont"], options["fluidsynth"])
        versions = _versions(fluidsynth, options["ffmpeg"])
    except LibraryMissing as error:
        control.send(json.dumps({"missing": error.name, "package": error.package}).encode())
        return
    except SynthesisFailed as error:
        control.send(json.dumps({"unusable": str(error)}).encode())
        return
    network = sandbox.leave_network()
    # Collections in forked processes would touch, and so copy, every page with an object on it.
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": versions, "network": not network}).encode())
    StageWorker(control, fluidsynth, options["ffmpeg"]).run()


def _versions(fluidsynth: FluidSynth, ffmpeg: str) -> str:
    """One line that changes whenever the same input may give other bytes; loads what renders need, too."""
    import soundfile  # type: ignore[import-untyped]

    parts = {
        "fluidsynth": fluidsynth.version,
        "lame": Mp3Encoder(Encoding(AudioFormat.MP3, kilobits=192)).version,
        "opus": OpusBody(Encoding(AudioFormat.OPUS, 48_000, kilobits=128), 1).version,
        "sndfile": soundfile.__libsndfile_version__,
        "ffmpeg": _ffmpeg_version(ffmpeg),
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items())


def _ffmpeg_version(command: str) -> str:
    try:
        words = subprocess.run([command, "-version"], capture_output=True, check=True, text=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        # Only one format needs it; the readiness check tells the operator.
        return "missing"
    return words[2]


if __name__ == "__main__":
    main()
