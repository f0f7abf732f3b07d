"""The request id that travels over HTTP and gRPC, and into every log line."""

import re
import secrets

import structlog

HEADER = "x-request-id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str | None:
    """The id of the request being served, if one is."""
    value = structlog.contextvars.get_contextvars().get("request_id")
    return None if value is None else str(value)


def begin_request(given: str | None) -> str:
    """Adopts the caller's request id when it is well formed, draws one otherwise, and binds it to the log context."""
    chosen = given if given and _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=chosen)
    return chosen
