"""Tokens in links of mails: opaque random text, of which only a digest is stored."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

#: Recognised by scanners for leaked secrets.
PREFIX = "euterpe_lt_"


class AccountTokenKind(StrEnum):
    """What a link does."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RECOVERY = "password_recovery"  # noqa: S105 - the name of a kind


LIFETIMES: Final = {
    AccountTokenKind.EMAIL_VERIFICATION: timedelta(hours=24),
    AccountTokenKind.PASSWORD_RECOVERY: timedelta(hours=1),
}


@dataclass(frozen=True, slots=True)
class AccountToken:
    """A valid token: whose it is, and the address to which it was sent."""

    kind: AccountTokenKind
    user_id: uuid.UUID
    email: str


def new_account_token() -> str:
    """Create a token with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)
