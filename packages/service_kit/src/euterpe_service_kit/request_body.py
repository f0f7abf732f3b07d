"""Limits on request bodies: their size, how long they take, and how many slow ones a network sends at once.

A response is sent only after the whole body was read, or the connection is closed after it: a gateway passes bodies on
while it receives them, and would cut off a response that comes too early (docs/adr/0022).
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final, NoReturn

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_service_kit.errors import PayloadTooLarge, ServiceError, TooManyRequests
from euterpe_service_kit.networks import network_of
from euterpe_service_kit.problems import problem_response

#: Largest part of a refused body that is read so that the client receives the response before the connection is reset.
_MAX_DRAINED_BYTES: Final = 1_048_576
_MAX_DRAIN_SECONDS: Final = 1.0
#: A body that is unfinished for this long counts as slow.
_SLOW_SECONDS: Final = 1.0


class BodyTimeout(ServiceError):
    """A body has stalled, or takes too long."""

    status, slug = 408, "request-timeout"

    def __init__(self, stall_seconds: float, total_seconds: float) -> None:
        super().__init__(
            f"The request body must not pause for more than {stall_seconds:g} seconds, "
            f"and must arrive within {total_seconds:g} seconds. Send it again."
        )


class TooManyUploads(TooManyRequests):
    """A network sends too many slow bodies at once."""

    slug = "too-many-uploads"

    def __init__(self, limit: int) -> None:
        detail = f"At most {limit} slow uploads from your network are accepted at once. Finish one, then try again."
        super().__init__(detail, retry_after_seconds=5)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Largest body; longest pause and longest duration of a body; unfinished slow bodies of one network."""

    max_bytes: int
    stall_seconds: float = 10.0
    total_seconds: float = 150.0
    slow_per_network: int = 32


class RequestBodyMiddleware:
    """Refuse bodies over a limit and close the connection, as the rest of the body is not read.

    A declared length is refused before the body is read; any other body when it exceeds the limit.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits
        self._slow: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, self._limits, self._slow)
        if body.declared_bytes > self._limits.max_bytes:
            await _refuse(scope, body, send, PayloadTooLarge(_too_large(self._limits.max_bytes)))
            return
        started = False

        async def send_after_body(message: Message) -> None:
            nonlocal started
            if not started and body.error is None and body.is_expected:
                await body.discard()
            # FastAPI responds with 400 to any error while it reads a body; the refusal below replaces that response.
            if started or body.error is None:
                started = True
                await send(message)

        try:
            await self._app(scope, body.receive, send_after_body)
        except _BodyRefused:
            if started:
                raise
        finally:
            body.close()
        if body.error is not None and not started:
            await _refuse(scope, body, send, body.error)


class _Body:
    """The body of one request, within the limits. `error` is the limit that it exceeds."""

    def __init__(self, scope: Scope, receive: Receive, limits: BodyLimits, slow: Counter[str]) -> None:
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        self.declared_bytes = int(declared) if declared.isdecimal() else 0
        self.is_expected = self.declared_bytes > 0 or "transfer-encoding" in headers
        self.has_more = True
        self.error: ServiceError | None = None
        self._receive = receive
        self._limits = limits
        self._slow = slow
        self._network = network_of(str((scope.get("client") or ("",))[0]))
        self._is_slow = False
        self._received_bytes = 0
        self._started_at = asyncio.get_running_loop().time()
        # The app may wait for the end of the connection in one task while another sends the response.
        self._lock = asyncio.Lock()

    async def receive(self) -> Message:
        """Return the next message. Raises _BodyRefused."""
        if self.has_more:
            async with self._lock:
                if self.has_more:
                    return await self._next_part()
        return await self._receive()

    async def discard(self) -> None:
        """Read the rest of the body, unless it exceeds a limit."""
        try:
            while self.has_more:
                async with self._lock:
                    if self.has_more:
                        await self._next_part()
        except _BodyRefused:
            pass

    async def drain(self) -> None:
        """Read and discard the rest of a refused body: a client that is still sending would miss the response."""
        drained_bytes = 0
        try:
            async with asyncio.timeout(_MAX_DRAIN_SECONDS):
                while self.has_more and drained_bytes < _MAX_DRAINED_BYTES:
                    message = await self._receive()
                    drained_bytes += len(message.get("body", b""))
                    self.has_more = message.get("more_body", False)
        except TimeoutError:
            pass

    def close(self) -> None:
        """Stop counting the body as slow."""
        if self._is_slow:
            self._is_slow = False
            self._slow[self._network] -= 1
            if not self._slow[self._network]:
                del self._slow[self._network]

    async def _next_part(self) -> Message:
        message = await self._receive_in_time()
        self._received_bytes += len(message.get("body", b""))
        self.has_more = message.get("more_body", False)
        if not self.has_more:
            self.close()
        if self._received_bytes > self._limits.max_bytes:
            self._fail(PayloadTooLarge(_too_large(self._limits.max_bytes)))
        return message

    async def _receive_in_time(self) -> Message:
        limits, clock = self._limits, asyncio.get_running_loop().time
        stalled_at = min(clock() + limits.stall_seconds, self._started_at + limits.total_seconds)
        slow_at = self._started_at + _SLOW_SECONDS
        try:
            if not self._is_slow:
                try:
                    async with asyncio.timeout_at(min(slow_at, stalled_at)):
                        return await self._receive()
                except TimeoutError:
                    self._count_as_slow()
            async with asyncio.timeout_at(stalled_at):
                return await self._receive()
        except TimeoutError:
            self._fail(BodyTimeout(limits.stall_seconds, limits.total_seconds))

    def _count_as_slow(self) -> None:
        if self._slow[self._network] >= self._limits.slow_per_network:
            self._fail(TooManyUploads(self._limits.slow_per_network))
        self._slow[self._network] += 1
        self._is_slow = True

    def _fail(self, error: ServiceError) -> NoReturn:
        self.error = error
        raise _BodyRefused


async def _refuse(scope: Scope, body: _Body, send: Send, error: ServiceError) -> None:
    async def send_and_drain(message: Message) -> None:
        if message["type"] == "http.response.body" and body.has_more:
            await send({**message, "more_body": True})
            await body.drain()
            message = {"type": "http.response.body"}
        await send(message)

    response = problem_response(Request(scope), error, {"Connection": "close"})
    await response(scope, body.receive, send_and_drain)


def _too_large(max_bytes: int) -> str:
    return f"The request body is larger than the limit of {max_bytes} bytes."


class _BodyRefused(Exception):
    pass
