"""The refresh token in a cookie, for the web: inaccessible to scripts, and sent to our own pages only.

SameSite=Strict prevents other sites from sending it. Requests from sibling hosts, which are the same site, and from
browsers that ignore the attribute are detected by `Sec-Fetch-Site` and `Origin`, which pages cannot forge. Over HTTPS,
the name has the prefix `__Host-`: browsers then accept the cookie only from this host and over HTTPS, so that a sibling
host cannot replace it. A cookie without the prefix, which earlier versions set, is accepted if there is none with the
prefix, and is replaced by one at the next refresh: it is the only credential of a guest.
"""

from typing import Annotated, Any, Literal

from euterpe_service_kit.cross_site import CrossSiteRequest, is_cross_site
from fastapi import Cookie, Depends, Request, Response

NAME = "euterpe_refresh"
SECURE_NAME = f"__Host-{NAME}"
_PATH = "/api/v1/auth"
_MAX_LENGTH = 256

#: Where the refresh token is returned: in the response body or in a cookie.
Delivery = Literal["body", "cookie"]


def _token_cookie(name: str, description: str) -> Any:
    return Cookie(alias=name, max_length=_MAX_LENGTH, description=description, examples=["euterpe_rt_kq3v5Zy0…"])


async def _refresh_cookie(
    request: Request,
    plain: Annotated[str | None, _token_cookie(NAME, "The refresh token, if the login requested a cookie.")] = None,
    secure: Annotated[str | None, _token_cookie(SECURE_NAME, "The refresh token over HTTPS.")] = None,
) -> str | None:
    return (secure or plain) if _is_behind_tls(request) else plain


RefreshCookie = Annotated[str | None, Depends(_refresh_cookie)]


def require_same_origin(request: Request) -> None:
    """Raise CrossSiteRequest unless a page of this origin sent the request, which says so in one of two headers."""
    headers = request.headers
    is_stated = "sec-fetch-site" in headers or "origin" in headers
    if not is_stated or headers.get("sec-fetch-site") == "none" or is_cross_site(headers):
        raise CrossSiteRequest(
            "The cookie is accepted from this site's pages only. Send the refresh token in the body."
        )


def set_refresh_cookie(request: Request, response: Response, token: str, *, max_age: int) -> None:
    """Store a refresh token in the browser until its session ends."""
    _set(request, response, token, max_age)


def clear_refresh_cookie(request: Request, response: Response) -> None:
    """Delete the refresh token from the browser."""
    _set(request, response, "", 0)


def _set(request: Request, response: Response, value: str, max_age: int) -> None:
    is_secure = _is_behind_tls(request)
    # The prefix requires the path `/`.
    name, path = (SECURE_NAME, "/") if is_secure else (NAME, _PATH)
    response.set_cookie(name, value, max_age=max_age, path=path, httponly=True, samesite="strict", secure=is_secure)
    if is_secure and NAME in request.cookies:
        response.delete_cookie(NAME, path=_PATH, httponly=True, samesite="strict", secure=True)


def _is_behind_tls(request: Request) -> bool:
    # From X-Forwarded-Proto of a trusted gateway (FORWARDED_ALLOW_IPS), or configured.
    return request.url.scheme == "https" or bool(request.app.state.cookies_always_secure)
