"""The errors of auth, each with its status."""

from collections.abc import Mapping

from euterpe_service_kit.errors import Conflict, FieldProblem, Unauthenticated, Unprocessable


class NameTaken(Conflict):
    """Another account has this name, in whatever case."""

    slug = "name-taken"

    def __init__(self) -> None:
        super().__init__(
            "This username is taken.", fields=[FieldProblem("body.username", "This username is taken; choose another.")]
        )


class PasswordIsName(Unprocessable):
    """A password that stands in the account's name is no secret."""

    def __init__(self) -> None:
        message = "The password must differ from the username."
        super().__init__(f"body.password: {message}", fields=[FieldProblem("body.password", message)])


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
