"""Passkeys: credentials of devices and password managers (WebAuthn), which sign a challenge to log in."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import webauthn
from webauthn.helpers import base64url_to_bytes, generate_challenge
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

MAX_PASSKEYS: Final = 20
MAX_NAME_LENGTH: Final = 64
CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
_TIMEOUT_MILLISECONDS: Final = int(CHALLENGE_LIFETIME.total_seconds() * 1000)
_SITE_NAME: Final = "Euterpe"


class PasskeyRefusedError(ValueError):
    """The response of the browser is not valid."""


@dataclass(frozen=True, slots=True)
class Site:
    """The site that passkeys are bound to: its host name, and the origin of its pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What is stored of a new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def new_challenge() -> bytes:
    """Create a challenge with 512 random bits."""
    return generate_challenge()


def registration_options(
    site: Site, *, user_id: uuid.UUID, username: str, challenge: bytes, existing: Sequence[bytes]
) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptionsJSON for a passkey that verifies its user and knows the account."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=_SITE_NAME,
        user_id=user_id.bytes,
        user_name=username,
        challenge=challenge,
        timeout=_TIMEOUT_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in existing],
    )
    return _plain(options)


def authentication_options(site: Site, challenge: bytes) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptionsJSON; the browser offers all passkeys of the site."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=_TIMEOUT_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def challenge_of(credential: Mapping[str, Any]) -> bytes:
    """Return the challenge that a response claims to answer. Raises PasskeyRefusedError."""
    try:
        client_data = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(client_data["challenge"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PasskeyRefusedError(repr(error)) from error


def credential_id_of(credential: Mapping[str, Any]) -> bytes:
    """Return the id of the passkey that gave a response. Raises PasskeyRefusedError."""
    try:
        return base64url_to_bytes(credential["rawId"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PasskeyRefusedError(repr(error)) from error


def verify_registration(site: Site, credential: Mapping[str, Any], challenge: bytes) -> NewPasskey:
    """Return the new passkey of a response to `registration_options`. Raises PasskeyRefusedError."""
    try:
        verified = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _REFUSALS as error:
        raise PasskeyRefusedError(repr(error)) from error
    return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def verify_authentication(
    site: Site, credential: Mapping[str, Any], challenge: bytes, *, public_key: bytes, sign_count: int
) -> int:
    """Return the new sign count after a response to `authentication_options`. Raises PasskeyRefusedError."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _REFUSALS as error:
        raise PasskeyRefusedError(repr(error)) from error
    return verified.new_sign_count


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return plain


#: The library raises its own errors for refused responses, and others for malformed ones.
_REFUSALS: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)
