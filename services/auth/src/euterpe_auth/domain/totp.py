"""Codes of authenticator apps (RFC 6238)."""

from datetime import datetime
from typing import Final

import pyotp
from pyotp.exceptions import OTPVerificationError

_ISSUER: Final = "Euterpe"
_DIGITS: Final = 6
#: Codes of the previous and the next 30 seconds are accepted, for clocks that differ.
_WINDOW: Final = 1


def new_totp_secret() -> str:
    """Create a secret with 160 random bits, in base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, username: str) -> str:
    """Return the address that authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def is_totp_code(text: str) -> bool:
    """Whether the text has the form of a code; spaces are ignored."""
    plain = text.replace(" ", "")
    return len(plain) == _DIGITS and plain.isascii() and plain.isdecimal()


def matching_timecode(secret: str, code: str, now: datetime) -> int | None:
    """Return the number of the interval whose code this is, or None."""
    try:
        found = pyotp.TOTP(secret).verify_and_get_timecode(code.replace(" ", ""), for_time=now, valid_window=_WINDOW)
    except OTPVerificationError:
        return None
    return int(found)
