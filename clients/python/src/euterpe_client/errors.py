"""The exceptions of the client. Each is an EuterpeError; its text is one sentence."""

from collections.abc import Mapping
from typing import Any


class EuterpeError(Exception):
    """Base class of all errors that the client raises."""


class ConfigurationError(EuterpeError):
    """The server URL, the proxy or the certificate settings are not usable; no request was sent."""


class ConnectionFailed(EuterpeError):
    """No complete response arrived: connection refused or broken, timeout, or TLS failure.

    `proxy` is the URL of the proxy in use, without credentials; None without a proxy.
    """

    def __init__(self, message: str, proxy: str | None) -> None:
        super().__init__(message)
        self.proxy = proxy


class InvalidResponse(EuterpeError):
    """The response does not follow the API; the URL probably belongs to another server."""


class ApiError(EuterpeError):
    """The API returned an error as problem details (RFC 9457).

    `status` is the HTTP status, `type` identifies the problem, `detail` describes it for people and is empty if the
    response has no problem details, `errors` lists the invalid fields.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.detail = str(problem.get("detail", problem.get("title", "")))
        self.errors: list[dict[str, Any]] = list(problem.get("errors") or [])
        super().__init__(f"{status}: {self.detail}")
