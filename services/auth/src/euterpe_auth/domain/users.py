"""Accounts, and the rules for names and passwords."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime

USERNAME_MIN, USERNAME_MAX = 3, 32
#: ASCII letters only: names that look alike in other scripts would let one listener pose as another.
USERNAME_PATTERN = r"^[A-Za-z0-9._-]+$"
PASSWORD_MIN, PASSWORD_MAX = 8, 128


#: The name of everybody who has not registered; nobody can have it as theirs.
GUEST_NAME = "Guest"


@dataclass(frozen=True, slots=True)
class User:
    """An account, without its password; a guest's has no name of its own."""

    id: uuid.UUID
    username: str
    created_at: datetime
    guest: bool = False


def may_be_username(text: str) -> bool:
    """Whether an account can have this name at all."""
    return USERNAME_MIN <= len(text) <= USERNAME_MAX and re.fullmatch(USERNAME_PATTERN[1:-1], text) is not None


def normalise_password(password: str) -> str:
    """NFKC, so that one password typed on two keyboards is one password (NIST SP 800-63B, section 3.1.1.2).

    The caller bounds the length first: normalisation of long runs of combining marks takes quadratic time.
    """
    return unicodedata.normalize("NFKC", password)


def is_reserved(username: str) -> bool:
    """Whether a name would pass for something else than a listener's."""
    return username.casefold() == GUEST_NAME.casefold()


def password_is_name(password: str, username: str) -> bool:
    """Whether the password is the account's own name, in whatever case."""
    return password.casefold() == username.casefold()
