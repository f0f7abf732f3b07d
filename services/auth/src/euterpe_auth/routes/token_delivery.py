"""How the tokens of a login reach the client."""

from fastapi import Request, Response

from euterpe_auth.routes.cookies import Delivery, require_same_origin, set_refresh_cookie
from euterpe_auth.routes.schemas import TokenAnswer, token_answer
from euterpe_auth.services.sessions import TokenPair


def check_delivery(request: Request, delivery: Delivery) -> None:
    """Raise CrossSiteRequest if another site would log the browser in to another account."""
    if delivery == "cookie":
        require_same_origin(request)


def deliver(request: Request, response: Response, pair: TokenPair, delivery: Delivery) -> TokenAnswer:
    """Return the tokens of a login or a refresh, with the refresh token in the body or in a cookie."""
    response.headers["Cache-Control"] = "no-store"
    if delivery == "cookie":
        set_refresh_cookie(request, response, pair.refresh_token, max_age=pair.refresh_expires_in)
    return token_answer(pair, with_refresh_token=delivery == "body")
