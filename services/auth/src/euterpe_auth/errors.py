"""The errors of auth, each with its status."""

from collections.abc import Mapping

from euterpe_service_kit.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unprocessable,
)


class NameTaken(Conflict):
    """Another account has this name, in whatever case."""

    slug = "name-taken"

    def __init__(self) -> None:
        super().__init__(
            "This username is taken.", fields=[FieldProblem("body.username", "This username is taken; choose another.")]
        )


class GuessablePassword(Unprocessable):
    """A password that is the account's name, or among the first that everybody tries, is no secret."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", fields=[FieldProblem(field, message)])


class WrongPassword(Unprocessable):
    """The password that confirms a change is wrong. Not 401: the access token itself is valid."""

    slug = "wrong-password"

    def __init__(self, field: str) -> None:
        message = "This is not the account's password."
        super().__init__(f"{field}: {message}", fields=[FieldProblem(field, message)])


class TooManyAttempts(TooManyRequests):
    """The same for a name that exists and for one that does not."""

    slug = "too-many-attempts"

    def __init__(self, retry_after_seconds: int) -> None:
        detail = f"Too many attempts. Try again in {retry_after_seconds} seconds."
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


class TooManyKeys(Conflict):
    """An account has as many API keys as it may."""

    slug = "too-many-keys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"An account may have {limit} API keys; revoke one first.")


class NoSuchSession(NotFound):
    """No session, or somebody else's."""

    def __init__(self) -> None:
        super().__init__("You have no session with this id.")


class NoSuchKey(NotFound):
    """No key, or somebody else's."""

    def __init__(self) -> None:
        super().__init__("You have no API key with this id.")


class NoSuchGuest(Conflict):
    """The guest was claimed before, or has been forgotten."""

    slug = "no-such-guest"

    def __init__(self) -> None:
        super().__init__("This guest does not exist any more; it may have been claimed before.")


class InvalidApiKey(Unauthenticated):
    """Unknown, expired or revoked: the caller learns no more than that."""

    slug = "invalid-api-key"

    def __init__(self) -> None:
        super().__init__("The API key is not valid (any more).")


class CrossSiteRequest(Forbidden):
    """A cookie counts only in requests from the site's own pages."""

    slug = "cross-site-request"

    def __init__(self) -> None:
        super().__init__("A login in a cookie serves the site's own pages only; send the refresh token in the body.")


class WrongCredentials(Unauthenticated):
    """The same for an unknown name and for a wrong password."""

    slug = "wrong-credentials"

    def __init__(self) -> None:
        super().__init__("The username or the password is wrong.")


class InvalidRefreshToken(Unauthenticated):
    """Unknown, expired, revoked or used before: the caller learns no more than that."""

    slug = "invalid-refresh-token"

    def __init__(self) -> None:
        super().__init__("The refresh token is not valid any more. Log in again.")


class InvalidClient(Unauthenticated):
    """No service of this name with this secret."""

    slug = "invalid-client"

    def __init__(self) -> None:
        super().__init__("The client id or the client secret is wrong.")

    @property
    def headers(self) -> Mapping[str, str]:
        """Clients prove themselves with HTTP Basic (RFC 6749, section 2.3.1)."""
        return {"WWW-Authenticate": 'Basic realm="euterpe-internal"'}
