"""Runs a service's app under uvicorn, with a shutdown that is announced first and bounded in time."""

import gc
import signal
from types import FrameType

import uvicorn
from fastapi import FastAPI

from euterpe_service_kit.settings import ServiceSettings


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.app
        assert isinstance(app, FastAPI)
        app.state.readiness.draining = True
        super().handle_exit(sig, frame)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serves until SIGTERM or SIGINT; `/readyz` fails from then on, and open requests get the grace to finish."""
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
    # A supervisor's terminal sends Ctrl-C to the whole group; only the supervisor decides when a service ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # What was imported stays: a collection that walks through all of it again holds every request up for a while.
    gc.collect()
    gc.freeze()
    _Server(config).run()
