"""The request id, which is passed on over HTTP and gRPC and bound to every log line."""

import re
import secrets

import structlog

HEADER = "x-request-id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str | None:
    """Return the id of the current request, if there is one."""
    value = structlog.contextvars.get_contextvars().get("request_id")
    return None if value is None else str(value)


def begin_request(given: str | None) -> str:
    """Use the caller's request id if it is well formed, create one otherwise, and bind it to the log context."""
    chosen = given if given and _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=chosen)
    return chosen
