"""Accounts, and the rules for names and passwords."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime

MIN_USERNAME_LENGTH, MAX_USERNAME_LENGTH = 3, 32
#: ASCII letters only: similar letters of other scripts would allow impersonation.
USERNAME_PATTERN = r"^[A-Za-z0-9._-]+$"
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 8, 128


#: Displayed name of guests; reserved.
GUEST_NAME = "Guest"


@dataclass(frozen=True, slots=True)
class User:
    """An account without its password; guests have no name of their own."""

    id: uuid.UUID
    username: str
    created_at: datetime
    guest: bool = False


def may_be_username(text: str) -> bool:
    """Whether the text is a valid username."""
    return (
        MIN_USERNAME_LENGTH <= len(text) <= MAX_USERNAME_LENGTH
        and re.fullmatch(USERNAME_PATTERN[1:-1], text) is not None
    )


def normalise_password(password: str) -> str:
    """Normalise to NFKC, so that a password is equal on different keyboards (NIST SP 800-63B, section 3.1.1.2).

    The caller limits the length first: normalising long runs of combining marks takes quadratic time.
    """
    return unicodedata.normalize("NFKC", password)


def is_reserved(username: str) -> bool:
    """Whether the name is reserved."""
    return username.casefold() == GUEST_NAME.casefold()


def password_is_name(password: str, username: str) -> bool:
    """Whether the password is the account's name; case is ignored."""
    return password.casefold() == username.casefold()
