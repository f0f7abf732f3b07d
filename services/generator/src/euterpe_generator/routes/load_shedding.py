"""Rejects requests under overload before they are parsed, so that rejections cost little."""

from euterpe_service_kit.problems import problem_response
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from euterpe_generator.domain.generation import UserClass
from euterpe_generator.routes import generations


class LoadSheddingMiddleware:
    """Answers requests for generations with 503, before authentication, while the queue is known to be full for all
    classes of users that the client may belong to.

    Two kinds are passed on and decided one by one: requests with an Idempotency-Key, which may have been accepted
    before, and background requests, which may wait longer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != generations.router.prefix:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # The class of a user with a token is not known before the token is verified.
        has_token = "authorization" in headers
        classes = (UserClass.REGISTERED, UserClass.GUEST) if has_token else (UserClass.ANONYMOUS,)
        error = scope["app"].state.generations.overload(*classes)
        if error is None or "idempotency-key" in headers:
            await self._app(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        # A substring search instead of parsing: a false match only means that the request is not rejected here.
        if b'"background"' not in b"".join(message.get("body", b"") for message in messages):
            await problem_response(Request(scope), error)(scope, receive, send)
            return
        received = iter(messages)

        async def replay() -> Message:
            return next(received, None) or await receive()

        await self._app(scope, replay, send)
