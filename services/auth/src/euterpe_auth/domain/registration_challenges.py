"""Proof of work for registrations: ALTCHA challenges, which cost the client seconds and the server milliseconds."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

import altcha

LIFETIME: Final = timedelta(minutes=10)
MAX_PROOF_LENGTH: Final = 4096
_ALGORITHM: Final = "PBKDF2/SHA-256"


def challenge_secret(key_encryption_key: str) -> str:
    """Derive the secret that signs challenges, which all replicas share."""
    return hashlib.sha256(b"euterpe registration challenge\0" + key_encryption_key.encode()).hexdigest()


def new_registration_challenge(secret: str, *, cost: int, now: datetime) -> dict[str, Any]:
    """Return a challenge whose solution takes 256 derivations of `cost` iterations on average."""
    challenge = altcha.create_challenge(_ALGORITHM, cost, expires_at=now + LIFETIME, hmac_secret=secret)
    found: dict[str, Any] = challenge.to_dict()
    return found


def solved_challenge(secret: str, proof: str) -> str | None:
    """Return the nonce of the challenge that a proof solves; None if it is invalid or has expired."""
    if not altcha.verify_solution(proof, secret).verified:
        return None
    return str(altcha.Payload.from_base64(proof).challenge.parameters.nonce)
