"""Errors that services raise deliberately, and the table that maps them to HTTP and gRPC.

A service derives its own errors in its `errors.py`. Use cases raise them; neither routes nor rpc catch them.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import grpc


@dataclasses.dataclass(frozen=True, slots=True)
class FieldProblem:
    """An invalid field: its location (`body.length`), the reason, and the limits that apply."""

    field: str
    message: str
    limits: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, without empty limits."""
        return {"field": self.field, "message": self.message} | ({"limits": dict(self.limits)} if self.limits else {})


class ServiceError(Exception):
    """An error with a status. `slug` is the machine-readable problem type; `detail` is a sentence for users.

    `limits` are the numbers of a limit that the request exceeds, for clients with messages of their own.
    """

    status: int = 500
    slug: str = "internal-error"

    def __init__(
        self,
        detail: str,
        *,
        fields: Sequence[FieldProblem] = (),
        limits: Mapping[str, int] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)
        self.limits = dict(limits or {})
        self.retry_after_seconds = retry_after_seconds

    @property
    def title(self) -> str:
        """Return the reason phrase of the status, as RFC 9457 suggests."""
        return HTTPStatus(self.status).phrase

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the HTTP headers that the status requires, in addition to Retry-After."""
        return {}


class Unauthenticated(ServiceError):
    """The request has no valid credential."""

    status, slug = 401, "unauthenticated"


class SessionEnded(Unauthenticated):
    """The session of the access token has ended, its API key was revoked, or its account was deleted."""

    slug = "session-ended"

    def __init__(self) -> None:
        super().__init__("The session of this token has ended. Log in again.")


class Forbidden(ServiceError):
    """The credential is valid and does not allow this."""

    status, slug = 403, "forbidden"


class InsufficientScope(Forbidden):
    """The API key lacks a required scope (RFC 6750, section 3.1)."""

    slug = "insufficient-scope"

    def __init__(self, needed: Sequence[str]) -> None:
        scopes = " ".join(needed)
        detail = f"This needs the scope {scopes}." if scopes else "This needs a login; an API key cannot do it."
        super().__init__(detail)
        self._scopes = scopes

    @property
    def headers(self) -> Mapping[str, str]:
        """Return WWW-Authenticate with the required scopes."""
        scope = f', scope="{self._scopes}"' if self._scopes else ""
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope"{scope}'}


class NotFound(ServiceError):
    """The resource does not exist, or the caller must not learn that it exists."""

    status, slug = 404, "not-found"


class Conflict(ServiceError):
    """The request conflicts with the current state."""

    status, slug = 409, "conflict"


class PreconditionFailed(ServiceError):
    """`If-Match` names a version other than the current one."""

    status, slug = 412, "precondition-failed"


class PayloadTooLarge(ServiceError):
    """The request body exceeds the limit."""

    status, slug = 413, "payload-too-large"


class RangeNotSatisfiable(ServiceError):
    """The requested byte range is outside the resource."""

    status, slug = 416, "range-not-satisfiable"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The requested range is outside the resource, which has {size_bytes} bytes.")
        self.size_bytes = size_bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """Return Content-Range with the size, so that the client can correct its range (RFC 9110, 15.5.17)."""
        return {"Content-Range": f"bytes */{self.size_bytes}"}


class Unprocessable(ServiceError):
    """The request is well formed, but its content is invalid."""

    status, slug = 422, "validation-error"


class TooManyRequests(ServiceError):
    """The caller exceeds a rate limit or a limit on work in progress."""

    status, slug = 429, "too-many-requests"


class Unavailable(ServiceError):
    """A dependency of this service does not respond; retrying later may work."""

    status, slug = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 2) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


_GRPC_CODES: dict[int, grpc.StatusCode] = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    416: grpc.StatusCode.OUT_OF_RANGE,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


def grpc_code(error: ServiceError) -> grpc.StatusCode:
    """Return the gRPC status that corresponds to the error's HTTP status."""
    return _GRPC_CODES.get(error.status, grpc.StatusCode.INTERNAL)
