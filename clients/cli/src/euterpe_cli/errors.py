"""Errors of the commands, and their messages for the errors of the client."""

from euterpe_client import ApiError, ConfigurationError, ConnectionFailed, EuterpeError


class CliError(Exception):
    """An error with one sentence for the user; the command ends with `status`."""

    status = 1


class InvalidSettings(CliError):
    """The server's URL, the proxy or the certificates are not usable."""

    status = 2


class NotLoggedIn(CliError):
    """The command needs a login, and there is none or it has expired."""


class SecondFactorRequired(CliError):
    """The account needs a code of an authenticator app, or a recovery code."""


def from_client(error: EuterpeError, server: str) -> CliError:
    """Return the error that reports a failure of the client to the user; `server` is the URL in use."""
    if isinstance(error, ConfigurationError):
        return InvalidSettings(_sentence(str(error)))
    if isinstance(error, ApiError):
        return CliError(" ".join(error.detail.split()) or f"{server} returned HTTP status {error.status}.")
    message = _sentence(str(error))
    if not isinstance(error, ConnectionFailed):
        return CliError(message)
    if error.proxy:
        return CliError(f"{message} Correct the proxy settings, or add the server's host to NO_PROXY.")
    return CliError(f"{message} Check that Euterpe is running there, or name another server with --server.")


def _sentence(text: str) -> str:
    # A URL at the beginning keeps its spelling.
    return f"{text if text.startswith('http') else text[:1].upper() + text[1:]}."
