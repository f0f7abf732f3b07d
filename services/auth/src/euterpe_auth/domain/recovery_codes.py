"""Recovery codes: random text that users keep on paper, of which only digests are stored."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from typing import Final

NUMBER_OF_CODES: Final = 10
MAX_CODE_LENGTH: Final = 64
#: Without characters that look alike: 0 and O, 1, I and L.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUPS, _GROUP_LENGTH = 4, 4


def new_recovery_codes() -> Sequence[str]:
    """Create codes of 79 random bits each, such as `7KXM-2PQR-9TFA-HW3D`."""
    return [_new_code() for _ in range(NUMBER_OF_CODES)]


def recovery_code_digest(user_id: uuid.UUID, code: str) -> bytes:
    """Return what is stored of a code; case, spaces and hyphens are ignored."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(user_id.bytes + plain.encode("utf-8", "surrogatepass")).digest()


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)
