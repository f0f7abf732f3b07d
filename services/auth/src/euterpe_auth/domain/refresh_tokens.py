"""Refresh tokens: opaque random text, of which only a digest is stored."""

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet

#: Recognised by scanners for leaked secrets.
PREFIX = "euterpe_rt_"


def new_refresh_token() -> str:
    """Create a token with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return what is stored of a token. It is random enough for a plain SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def seal(successor: str, *, token: str) -> bytes:
    """Encrypt a token's successor so that only the holder of the token can decrypt it.

    So a lost response can be repeated, although the database stores no token.
    """
    return _cipher(token).encrypt(successor.encode())


def unseal(sealed: bytes, *, token: str) -> str:
    """Decrypt a sealed successor."""
    return _cipher(token).decrypt(sealed).decode()


def _cipher(token: str) -> Fernet:
    # A different hash than the stored digest, which must not decrypt anything.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"euterpe refresh successor\0" + token.encode()).digest()))
