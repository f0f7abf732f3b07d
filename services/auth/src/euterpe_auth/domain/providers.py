"""Logins at an OpenID Connect provider: what is configured, and what a provider says about a user."""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from euterpe_auth.domain.users import MAX_USERNAME_LENGTH, may_be_username

#: Recognised by scanners for leaked secrets.
TICKET_PREFIX: Final = "euterpe_pt_"
#: Time to log in at the provider, and after that to choose a name or enter a code.
REQUEST_LIFETIME: Final = timedelta(minutes=10)
MAX_SUBJECT_LENGTH: Final = 255
MAX_CODE_LENGTH: Final = 4096
_MAX_NAME_LENGTH: Final = 100
#: The authentication of a session whose provider does not say when the user authenticated: never recent.
UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of an operator. Without a secret, the client is public and PKCE alone protects the code."""

    issuer: str
    name: str
    client_id: str
    client_secret: str | None
    scopes: str
    #: The page to which the provider sends the browser back.
    redirect_url: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of a provider, from a verified ID token."""

    subject: str
    #: A name for display; it identifies nobody.
    name: str
    #: When the user authenticated at the provider, if the provider says so.
    authenticated_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestSecrets:
    """What binds a provider's response to one request."""

    state: str
    nonce: str
    code_verifier: str


def new_ticket() -> str:
    """Create the ticket of a request with 256 random bits, which only the browser that began it has."""
    return TICKET_PREFIX + secrets.token_urlsafe(32)


def new_request_secrets() -> RequestSecrets:
    """Create state, nonce and PKCE code verifier with 256 random bits each."""
    return RequestSecrets(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32))


def display_name(claims: Mapping[str, Any]) -> str:
    """Return a name for display from the claims of an ID token, or an empty text."""
    for claim in ("preferred_username", "name", "email"):
        value = claims.get(claim)
        if isinstance(value, str) and value.strip():
            printable = "".join(each for each in value.strip() if each.isprintable())
            return printable[:_MAX_NAME_LENGTH]
    return ""


def suggested_username(name: str) -> str | None:
    """Return a valid username that resembles a name, or None: `Clara Wieck` becomes `Clara.Wieck`."""
    ascii_name = unicodedata.normalize("NFKD", name.partition("@")[0]).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9._-]+", ".", ascii_name).strip(".")[:MAX_USERNAME_LENGTH]
    return words if may_be_username(words) else None
