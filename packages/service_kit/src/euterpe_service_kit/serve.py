"""Runs a service's app under uvicorn, with a shutdown that is announced first and bounded in time."""

import gc
import resource
import signal
import threading
from types import FrameType

import uvicorn
from fastapi import FastAPI

from euterpe_service_kit.settings import ServiceSettings

_OPEN_FILES = 65_536


class _Server(uvicorn.Server):
    """Between the first signal and the end lie the seconds in which every answer asks for another connection."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.app
        assert isinstance(app, FastAPI)
        impatient = app.state.readiness.draining
        app.state.readiness.draining = True
        if impatient or self._drain_seconds == 0:
            super().handle_exit(sig, frame)
            return
        timer = threading.Timer(self._drain_seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def raise_open_files() -> None:
    """Allows this process as many open files as the system lets it, within reason.

    Container runtimes give 1,024 at first and half a million on request; each listener who follows a piece holds one.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(most, _OPEN_FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    `/readyz` fails from then on, kept connections are asked to go elsewhere, and open requests get the grace to finish.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
    )
    raise_open_files()
    # A supervisor's terminal sends Ctrl-C to the whole group; only the supervisor decides when a service ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # What was imported stays: a collection that walks through all of it again holds every request up for a while.
    gc.collect()
    gc.freeze()
    # A request leaves hundreds of objects that need no collector; at the usual 700 it runs several times a second, and
    # holds up whoever is being answered.
    gc.set_threshold(50_000, 20, 50)
    _Server(config, settings.drain_seconds).run()
