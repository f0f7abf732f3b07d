"""`/healthz`: the process runs. `/readyz`: all of its dependencies work and it is not shutting down."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

Check = Callable[[], Awaitable[None]]

router = APIRouter(include_in_schema=False)


class Readiness:
    """Named checks that must all pass, and a flag that is set at shutdown.

    A check returns if its dependency works and raises otherwise, within `timeout_seconds`.
    """

    def __init__(self, timeout_seconds: float = 4.0) -> None:
        self._checks: dict[str, Check] = {}
        self._timeout = timeout_seconds
        self.draining = False

    def add(self, name: str, check: Check) -> None:
        """Register a check under the name that `/readyz` shows."""
        self._checks[name] = check

    async def report(self) -> dict[str, str]:
        """Run all checks concurrently: name → "ok" or the type of the error."""
        results = await asyncio.gather(*(self._run(check) for check in self._checks.values()))
        report = dict(zip(self._checks, results, strict=True))
        return report | ({"draining": "yes"} if self.draining else {})

    async def _run(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                await check()
        except Exception as error:  # noqa: BLE001 - any failure means "not ready", and its kind is reported
            return type(error).__name__
        return "ok"


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Return 200 as long as the event loop runs."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Return 200 if every check passes and 503 otherwise, with one word per check."""
    report = await request.app.state.readiness.report()
    ready = all(value == "ok" for value in report.values())
    return JSONResponse(report, status_code=200 if ready else 503)
