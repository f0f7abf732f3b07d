"""Ed25519 signing keys and their public form."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from euterpe_service_kit.tokens import ALGORITHM
from jwt import PyJWK


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, when it starts to sign, and when it leaves the published set (None: no date)."""

    kid: str
    private_key: Ed25519PrivateKey
    signs_from: datetime
    published_until: datetime | None = None

    @property
    def jwk(self) -> dict[str, Any]:
        """The public part as a JSON Web Key (RFC 8037)."""
        return public_members(self.private_key) | {"kid": self.kid, "alg": ALGORITHM, "use": "sig"}

    @property
    def verification_key(self) -> PyJWK:
        """The public part, for verification."""
        return PyJWK(self.jwk)

    def is_published(self, now: datetime) -> bool:
        """Whether its tokens are accepted."""
        return self.published_until is None or now < self.published_until


def public_members(key: Ed25519PrivateKey) -> dict[str, str]:
    """Return the members of the JWK that determine the key."""
    raw = key.public_key().public_bytes_raw()
    return {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}


def key_cipher(keys: str) -> MultiFernet:
    """Return the cipher of Fernet keys separated by commas: the first encrypts, all decrypt. Raises ValueError."""
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])


def thumbprint(key: Ed25519PrivateKey) -> str:
    """Return the key id: the RFC 7638 thumbprint, equal for equal keys."""
    canonical = json.dumps(public_members(key), sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
