"""Liveness and readiness."""

import asyncio
from typing import Any

from euterpe_service_kit.health import Readiness
from fastapi import FastAPI


async def _works() -> None:
    pass


async def _fails() -> None:
    raise ConnectionRefusedError("connection refused")


async def test_ready_when_all_checks_pass(app: FastAPI, client_of: Any) -> None:
    app.state.readiness.add("database", _works)
    async with client_of(app) as client:
        response = await client.get("/readyz")
        assert (response.status_code, response.json()) == (200, {"database": "ok"})


async def test_failed_check_is_named(app: FastAPI, client_of: Any) -> None:
    app.state.readiness.add("database", _works)
    app.state.readiness.add("store", _fails)
    async with client_of(app) as client:
        response = await client.get("/readyz")
        assert (response.status_code, response.json()) == (503, {"database": "ok", "store": "ConnectionRefusedError"})
        assert (await client.get("/healthz")).status_code == 200


async def test_not_ready_but_alive_while_shutting_down(app: FastAPI, client_of: Any) -> None:
    app.state.readiness.draining = True
    async with client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_check_that_hangs_times_out() -> None:
    readiness = Readiness(timeout_seconds=0.05)

    async def hangs() -> None:
        await asyncio.Event().wait()

    readiness.add("database", hangs)
    readiness.add("store", _works)
    assert await readiness.report() == {"database": "TimeoutError", "store": "ok"}
