"""Runs a service's app under uvicorn, with a graceful shutdown of bounded duration."""

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
    """Closes each connection after its response for some seconds between the first signal and the shutdown."""

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
    """Raise the limit on open files to the hard limit, but at most to `_OPEN_FILES`.

    Container runtimes set a soft limit of 1,024; each user who follows a generation holds one connection open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Then `/readyz` fails, persistent connections are closed, and open requests have the grace period to finish.
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
        timeout_keep_alive=int(settings.keep_alive_seconds),
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
    )
    raise_open_files()
    # A supervisor's terminal sends Ctrl-C to the whole group; only the supervisor decides when a service ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Imported modules stay alive: excluding them from garbage collection shortens its pauses.
    gc.collect()
    gc.freeze()
    # A request allocates hundreds of objects that are not in cycles; with the default threshold of 700, the collector
    # would run several times a second and delay requests. Cycles remain until the threshold is reached: each thousand
    # objects takes about 0.35 MB.
    gc.set_threshold(10_000, 20, 50)
    _Server(config, settings.drain_seconds).run()
