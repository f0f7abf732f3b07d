"""Refusal of requests that another site makes a browser send.

Browsers attach cookies, and the network address that anonymous limits use, to requests that other sites cause. A
request with an access token is not such a request, because only a page that has the token can send it.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from euterpe_service_kit.errors import Forbidden
from euterpe_service_kit.problems import problem_response

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSiteRequest(Forbidden):
    """A page of another site caused the request."""

    slug = "cross-site-request"

    def __init__(self, detail: str = "Pages of other sites must send an access token with this request.") -> None:
        super().__init__(detail)


def is_cross_site(headers: Headers) -> bool:
    """Return whether a page of another origin caused the request; False for programs, which send neither header.

    `Sec-Fetch-Site` and `Origin` cannot be set by pages. `none` means that the user typed the address.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    # The scheme is not compared: whether TLS ends before the gateway is not always known.
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        # No page has an address such as "http://[".
        return True


class CrossSiteMiddleware:
    """Refuse state-changing requests without an access token that another site caused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] == "http" and scope["method"] not in _READING:
            headers = Headers(scope=scope)
            if "authorization" not in headers and is_cross_site(headers):
                # The body is not read, so the connection cannot be used again.
                response = problem_response(Request(scope), CrossSiteRequest(), {"Connection": "close"})
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)
