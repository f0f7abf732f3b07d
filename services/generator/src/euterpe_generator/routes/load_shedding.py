"""Refusing at the door when too many come: what is refused must cost little, or nothing is left for those within."""

from euterpe_service_kit.problems import problem_response
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_generator.routes import generations


class SheddingMiddleware:
    """Answers orders with 503, before anybody reads who sent them, while the queue is known to be full.

    Two kinds are let through to the service, which judges them one by one: repeated orders, whose first may have been
    accepted, and those in the background, which may wait longer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != generations.router.prefix:
            await self._app(scope, receive, send)
            return
        refusal = scope["app"].state.generations.overload
        if refusal is None or "idempotency-key" in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        # A word of the body is looked for instead of parsing it: whoever has it elsewhere is just not refused here.
        if b'"background"' not in b"".join(message.get("body", b"") for message in messages):
            await problem_response(Request(scope), refusal)(scope, receive, send)
            return
        waiting = iter(messages)

        async def receive_again() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, receive_again, send)
