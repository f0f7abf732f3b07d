"""The refresh token in a cookie, for the web: out of reach of scripts, sent to auth alone, and by our own pages only.

SameSite=Strict keeps other sites from sending it; requests of sibling hosts, which are the same site, and browsers
that ignore the attribute are told by `Sec-Fetch-Site` and `Origin`, which no page can forge.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Cookie, Request, Response

from euterpe_auth.errors import CrossSiteRequest

NAME = "euterpe_refresh"
_PATH = "/api/v1/auth"

#: Where a refresh token is put: into the answer's body, or into a cookie.
Delivery = Literal["body", "cookie"]
RefreshCookie = Annotated[
    str | None,
    Cookie(
        alias=NAME,
        max_length=256,
        description="The refresh token, where the login asked for a cookie.",
        examples=["euterpe_rt_kq3v5Zy0…"],
    ),
]


def require_same_origin(request: Request) -> None:
    """Raises CrossSiteRequest unless a page of this very origin sent the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise CrossSiteRequest
        return
    origin = request.headers.get("origin", "")
    # The scheme is left out: whether TLS ends before the gateway is not always told.
    if not origin or urlsplit(origin).netloc != request.headers.get("host"):
        raise CrossSiteRequest


def set_refresh_cookie(request: Request, response: Response, token: str, *, max_age: int) -> None:
    """Keeps a refresh token in the browser until its session ends."""
    _set(request, response, token, max_age)


def clear_refresh_cookie(request: Request, response: Response) -> None:
    """Has the browser forget its refresh token."""
    _set(request, response, "", 0)


def _set(request: Request, response: Response, value: str, max_age: int) -> None:
    response.set_cookie(
        NAME, value, max_age=max_age, path=_PATH, httponly=True, samesite="strict", secure=_behind_tls(request)
    )


def _behind_tls(request: Request) -> bool:
    # From X-Forwarded-Proto, which the server believes from the gateway (FORWARDED_ALLOW_IPS); or set by the operator.
    return request.url.scheme == "https" or bool(request.app.state.cookies_always_secure)
