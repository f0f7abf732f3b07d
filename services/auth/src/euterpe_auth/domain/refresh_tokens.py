"""Refresh tokens: opaque random text, of which only the digest is stored."""

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet

#: Lets scanners for leaked secrets recognise one.
PREFIX = "euterpe_rt_"


def new_refresh_token() -> str:
    """A token with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token. It is random enough that a plain SHA-256 cannot be inverted."""
    return hashlib.sha256(token.encode()).digest()


def seal(successor: str, *, token: str) -> bytes:
    """Encrypts a token's successor so that only the holder of the token itself can open it.

    A lost answer can thus be repeated word for word, although the database knows no token.
    """
    return _cipher(token).encrypt(successor.encode())


def unseal(sealed: bytes, *, token: str) -> str:
    """The successor that was sealed."""
    return _cipher(token).decrypt(sealed).decode()


def _cipher(token: str) -> Fernet:
    # Another hash than the stored digest, which must not open anything.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"euterpe refresh successor\0" + token.encode()).digest()))
