"""Links that end digests, in mails: they say whose, can do nothing else, and cannot be made by others."""

import uuid
from typing import Final

from cryptography.fernet import InvalidToken, MultiFernet

#: Longer than every token.
MAX_TOKEN_LENGTH: Final = 256
#: What the token is for, so that nothing else that auth encrypts is accepted.
_PURPOSE: Final = b"stop-digest\0"


def unsubscription_token(cipher: MultiFernet, user_id: uuid.UUID) -> str:
    """Return the token that ends a user's digests. It has no expiry: mails are kept for long."""
    return cipher.encrypt(_PURPOSE + user_id.bytes).decode().rstrip("=")


def subscriber_of(cipher: MultiFernet, token: str) -> uuid.UUID | None:
    """Return the user of a token; None unless auth has issued it."""
    try:
        content = cipher.decrypt(token.encode() + b"=" * (-len(token) % 4))
    except (InvalidToken, UnicodeEncodeError):
        return None
    purpose, user_id = content[: len(_PURPOSE)], content[len(_PURPOSE) :]
    return uuid.UUID(bytes=user_id) if purpose == _PURPOSE and len(user_id) == 16 else None
