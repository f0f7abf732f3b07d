"""The refresh token in a cookie, for the web: inaccessible to scripts, and sent to auth by our own pages only.

SameSite=Strict prevents other sites from sending it. Requests from sibling hosts, which are the same site, and from
browsers that ignore the attribute are detected by `Sec-Fetch-Site` and `Origin`, which pages cannot forge.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Cookie, Request, Response

from euterpe_auth.errors import CrossSiteRequest

NAME = "euterpe_refresh"
_PATH = "/api/v1/auth"

#: Where the refresh token is returned: in the response body or in a cookie.
Delivery = Literal["body", "cookie"]
RefreshCookie = Annotated[
    str | None,
    Cookie(
        alias=NAME,
        max_length=256,
        description="The refresh token, if the login requested a cookie.",
        examples=["euterpe_rt_kq3v5Zy0…"],
    ),
]


def require_same_origin(request: Request) -> None:
    """Raise CrossSiteRequest unless a page of this origin sent the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise CrossSiteRequest
        return
    origin = request.headers.get("origin", "")
    # The scheme is not compared: whether TLS ends before the gateway is not always known.
    if not origin or urlsplit(origin).netloc != request.headers.get("host"):
        raise CrossSiteRequest


def set_refresh_cookie(request: Request, response: Response, token: str, *, max_age: int) -> None:
    """Store a refresh token in the browser until its session ends."""
    _set(request, response, token, max_age)


def clear_refresh_cookie(request: Request, response: Response) -> None:
    """Delete the refresh token from the browser."""
    _set(request, response, "", 0)


def _set(request: Request, response: Response, value: str, max_age: int) -> None:
    response.set_cookie(
        NAME, value, max_age=max_age, path=_PATH, httponly=True, samesite="strict", secure=_behind_tls(request)
    )


def _behind_tls(request: Request) -> bool:
    # From X-Forwarded-Proto of a trusted gateway (FORWARDED_ALLOW_IPS), or configured.
    return request.url.scheme == "https" or bool(request.app.state.cookies_always_secure)
