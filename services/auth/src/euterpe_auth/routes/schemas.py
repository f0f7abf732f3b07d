"""Bodies of requests and responses.

The names `*Answer` are kept, as they are published in the OpenAPI document and used by generated clients.
"""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from euterpe_auth.domain.api_keys import MAX_DAYS, MAX_NAME_LENGTH, Scope
from euterpe_auth.domain.emails import MAX_EMAIL_LENGTH, normalise_email
from euterpe_auth.domain.mails import Language
from euterpe_auth.domain.providers import MAX_CODE_LENGTH as MAX_PROVIDER_CODE_LENGTH
from euterpe_auth.domain.recovery_codes import MAX_CODE_LENGTH
from euterpe_auth.domain.registration_challenges import MAX_PROOF_LENGTH
from euterpe_auth.domain.users import (
    MAX_PASSWORD_LENGTH,
    MAX_USERNAME_LENGTH,
    MIN_PASSWORD_LENGTH,
    MIN_USERNAME_LENGTH,
    USERNAME_PATTERN,
    normalise_password,
)
from euterpe_auth.routes.cookies import Delivery
from euterpe_auth.services.jwts import SignedToken
from euterpe_auth.services.sessions import TokenPair

_RECOVERY_CODES = "Each recovers the password once, or replaces the code of an authenticator app once."
_MAX_REFRESH_TOKEN_LENGTH = 256
_MAX_JWT_LENGTH = 2048

_DELIVERY = "`cookie` sets the refresh token as an HttpOnly cookie, for pages of this site; `body` returns it."


def utc(moment: datetime) -> datetime:
    """Convert to UTC, regardless of the time zone of the database connection."""
    return moment.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(utc)]


def _at_most(limit: int) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        # JSON can contain an unpaired surrogate, which has no UTF-8 and cannot be hashed; SecretStr accepts it.
        if any("\ud800" <= character <= "\udfff" for character in secret.get_secret_value()):
            raise PydanticCustomError("string_unicode", "Should be text without unpaired surrogates")
        if len(secret.get_secret_value()) > limit:
            raise PydanticCustomError(
                "string_too_long", "Should have at most {max_length} characters", {"max_length": limit}
            )
        return secret

    return AfterValidator(check)


def _normalised(secret: SecretStr) -> SecretStr:
    return SecretStr(normalise_password(secret.get_secret_value()))


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < MIN_PASSWORD_LENGTH:
        raise PydanticCustomError(
            "string_too_short", "Should have at least {min_length} characters", {"min_length": MIN_PASSWORD_LENGTH}
        )
    return secret


def _email(text: str) -> str:
    normalised = normalise_email(text)
    if normalised is None:
        raise PydanticCustomError("email", "Should be an e-mail address such as clara@example.com")
    return normalised


def _schema(**members: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "password", "writeOnly": True} | members)


#: The maximum is checked before normalisation, the minimum after it, on the text that is hashed.
NewPassword = Annotated[
    SecretStr,
    _at_most(MAX_PASSWORD_LENGTH),
    AfterValidator(_normalised),
    AfterValidator(_long_enough),
    _schema(minLength=MIN_PASSWORD_LENGTH, maxLength=MAX_PASSWORD_LENGTH),
]
GivenPassword = Annotated[
    SecretStr, _at_most(MAX_PASSWORD_LENGTH), AfterValidator(_normalised), _schema(maxLength=MAX_PASSWORD_LENGTH)
]
GivenRefreshToken = Annotated[
    SecretStr, _at_most(_MAX_REFRESH_TOKEN_LENGTH), _schema(maxLength=_MAX_REFRESH_TOKEN_LENGTH)
]
GivenJwt = Annotated[SecretStr, _at_most(_MAX_JWT_LENGTH), _schema(maxLength=_MAX_JWT_LENGTH)]
#: A recovery code, or a code of an authenticator app.
GivenRecoveryCode = Annotated[SecretStr, _at_most(MAX_CODE_LENGTH), _schema(maxLength=MAX_CODE_LENGTH)]
GivenEmail = Annotated[str, Field(max_length=MAX_EMAIL_LENGTH, examples=["clara@example.com"]), AfterValidator(_email)]
#: Name of an API key: text that can be displayed on one line.
KeyName = Annotated[
    str, Field(min_length=1, max_length=MAX_NAME_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["my studio"])
]


class Registration(BaseModel):
    """A new account. Names are unique regardless of case; passwords are normalised to NFKC.

    The password must differ from the name, and must not be known from published breaches.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"username": "clara", "password": "op. 7, in A minor"}]}
    )

    username: str = Field(
        min_length=MIN_USERNAME_LENGTH,
        max_length=MAX_USERNAME_LENGTH,
        pattern=USERNAME_PATTERN,
        description="ASCII letters, digits, dots, underscores and hyphens.",
    )
    password: NewPassword
    proof: str | None = Field(
        default=None,
        max_length=MAX_PROOF_LENGTH,
        description="The solution of a challenge in base64, if this installation requires one.",
    )


class RegistrationChallengeAnswer(BaseModel):
    """A challenge that a registration must solve."""

    challenge: dict[str, Any] | None = Field(
        description="An ALTCHA challenge, version 2; null if registrations need no solution.",
        examples=[
            {"parameters": {"algorithm": "PBKDF2/SHA-256", "cost": 5000, "nonce": "d6a7…"}, "signature": "27f0…"}
        ],
    )


class UserAnswer(BaseModel):
    """An account."""

    id: uuid.UUID = Field(examples=["5b0f8a3e-7f0c-4c44-9a51-0d6c0c1d2e3f"])
    username: str = Field(examples=["clara"])
    created_at: UtcTime = Field(examples=["2026-09-13T12:00:00Z"])
    guest: bool = Field(default=False, description="Whether this is a guest, without a registered account.")


class PasswordChange(BaseModel):
    """The current and the new password."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"current_password": "op. 7, in A minor", "new_password": "op. 17, in G minor"}]
        },
    )

    current_password: GivenPassword | None = Field(default=None, description="Omitted if the account has none.")
    new_password: NewPassword
    revoke_api_keys: bool = Field(default=False, description="Whether to revoke all API keys of the account as well.")


class ConfirmBody(BaseModel):
    """The account's password, which confirms the request in addition to the access token."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "op. 7, in A minor"}]})

    password: GivenPassword


class DeletionBody(BaseModel):
    """The account's password, which confirms the deletion; without it, if the account has none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "op. 7, in A minor"}]})

    password: GivenPassword | None = None


class EmailBody(BaseModel):
    """A new e-mail address."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "clara@example.com", "language": "en"}]}
    )

    email: GivenEmail
    language: Language = Field(default="en", description="Language of mails to the account.")


class LinkBody(BaseModel):
    """The token of a link that was sent by mail."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"token": "euterpe_lt_kq3v5Zy0…"}]})

    token: GivenRefreshToken = Field(description="The part of the link after `#token=`.")


class VerifiedEmailAnswer(BaseModel):
    """The verified address."""

    email: str = Field(examples=["clara@example.com"])


class RecoveryBody(BaseModel):
    """Whose password is to be recovered."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"account": "clara@example.com", "language": "en"}]}
    )

    account: str = Field(
        min_length=1, max_length=MAX_EMAIL_LENGTH, description="The username or the verified e-mail address."
    )
    language: Language = Field(default="en", description="Language of the mail.")


class RecoveryCompletion(BaseModel):
    """The token of a recovery link, and the new password."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"token": "euterpe_lt_kq3v5Zy0…", "new_password": "op. 17, in G minor"}]},
    )

    token: GivenRefreshToken = Field(description="The part of the link after `#token=`.")
    new_password: NewPassword
    revoke_api_keys: bool = Field(default=False, description="Whether to revoke all API keys of the account as well.")


class RecoveryCodeCompletion(BaseModel):
    """A recovery code, and the new password."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "username": "clara",
                    "recovery_code": "7KXM-2PQR-9TFA-HW3D",
                    "new_password": "op. 17, in G minor",
                }
            ]
        },
    )

    username: str = Field(min_length=1, max_length=256)
    recovery_code: GivenRecoveryCode
    new_password: NewPassword
    revoke_api_keys: bool = Field(default=False, description="Whether to revoke all API keys of the account as well.")


class RecoveryCodesAnswer(BaseModel):
    """New recovery codes, which are in this response only."""

    recovery_codes: list[str] = Field(description=_RECOVERY_CODES, examples=[["7KXM-2PQR-9TFA-HW3D"]])


class NewUserAnswer(UserAnswer):
    """A new account with its recovery codes, which are in this response only."""

    recovery_codes: list[str] = Field(description=_RECOVERY_CODES, examples=[["7KXM-2PQR-9TFA-HW3D"]])


class TotpSecretAnswer(BaseModel):
    """A new secret for an authenticator app, which is in this response only."""

    secret: str = Field(description="The secret in base32.", examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(
        description="The address that apps read from a QR code.",
        examples=["otpauth://totp/Euterpe:clara?secret=JBSWY3DPEHPK3PXP&issuer=Euterpe"],
    )
    qr_code: str = Field(
        description="The QR code of `uri`: an SVG picture as a `data:` address.", examples=["data:image/svg+xml,…"]
    )


class TotpCodeBody(BaseModel):
    """A code of the authenticator app."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "492039"}]})

    code: str = Field(min_length=6, max_length=16)


class EnabledTotpAnswer(BaseModel):
    """The recovery codes that were created with the second factor."""

    recovery_codes: list[str] | None = Field(
        description="Null if the account has recovery codes already.", examples=[["7KXM-2PQR-9TFA-HW3D"]]
    )


class PasskeyOptionsAnswer(BaseModel):
    """Options for the browser's WebAuthn functions, in their JSON form."""

    options: dict[str, Any] = Field(examples=[{"challenge": "9GbWm…", "rpId": "music.example", "timeout": 300_000}])


class PasskeyNameBody(BaseModel):
    """The name of a passkey."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "my phone"}]})

    name: KeyName


class PasskeyProofBody(BaseModel):
    """What a passkey has signed."""

    model_config = ConfigDict(extra="forbid")

    credential: dict[str, Any] = Field(
        description="The result of `navigator.credentials`, in its JSON form (`toJSON()`).",
        examples=[{"id": "mQ3p…", "rawId": "mQ3p…", "type": "public-key", "response": {"clientDataJSON": "eyJ0…"}}],
    )


class NewPasskeyBody(PasskeyProofBody):
    """A new passkey."""

    name: KeyName


class PasskeyLoginBody(PasskeyProofBody):
    """A login with a passkey."""

    delivery: Delivery = Field(default="body", description=_DELIVERY)


class PasskeyAnswer(BaseModel):
    """A passkey of an account."""

    id: uuid.UUID
    name: str = Field(examples=["my phone"])
    created_at: UtcTime = Field(examples=["2026-09-13T12:00:00Z"])
    last_used_at: UtcTime | None = Field(examples=["2026-09-14T09:30:00Z"])


class PasskeyList(BaseModel):
    """An account's passkeys."""

    items: list[PasskeyAnswer]


class ProviderLinkAnswer(BaseModel):
    """A user of an OpenID Connect provider who may log in to the account."""

    issuer: str = Field(examples=["https://id.example"])
    subject: str = Field(description="The provider's id of the user.", examples=["248289761001"])
    name: str = Field(description="The name that the provider gave, for display.", examples=["Clara Wieck"])
    created_at: UtcTime = Field(examples=["2026-09-13T12:00:00Z"])
    last_used_at: UtcTime | None = Field(examples=["2026-09-14T09:30:00Z"])


class ProviderAuthorizationBody(BaseModel):
    """What an authentication at the provider is for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"purpose": "link"}]})

    purpose: Literal["link", "confirm"] = Field(
        description="`link` the provider's user with the account, or `confirm` that the user is present, for which the "
        "provider asks for its password again."
    )


class ProviderAuthorizationAnswer(BaseModel):
    """Where to log in at the provider, which sends the browser back to `/login/provider` of this site."""

    url: str = Field(examples=["https://id.example/authorize?response_type=code&client_id=euterpe&state=…"])
    ticket: str = Field(
        description="Keep it in the browser; it continues the login, for ten minutes after each step.",
        examples=["euterpe_pt_kq3v5Zy0…"],
    )


class ProviderTicketBody(BaseModel):
    """The ticket of an authentication at the provider, whose response was verified."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ticket": "euterpe_pt_kq3v5Zy0…"}]})

    ticket: GivenRefreshToken


class ProviderResponseBody(ProviderTicketBody):
    """The parameters with which the provider sent the browser back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "euterpe_pt_kq3v5Zy0…", "state": "af0ifjs…", "code": "SplxlOBe…"}]}
    )

    state: GivenRefreshToken
    code: Annotated[SecretStr, _at_most(MAX_PROVIDER_CODE_LENGTH), _schema(maxLength=MAX_PROVIDER_CODE_LENGTH)]
    iss: str | None = Field(default=None, max_length=500, description="The issuer, if the provider sent it.")


class ProviderUserAnswer(BaseModel):
    """The provider's user."""

    name: str = Field(description="The name that the provider gives.", examples=["Clara Wieck"])
    is_linked: bool = Field(description="Whether an account is linked with this user.")
    suggested_username: str | None = Field(
        description="A valid name for a new account, which may be taken.", examples=["Clara.Wieck"]
    )


class ProviderLoginBody(ProviderTicketBody):
    """A login with a verified user of the provider."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "euterpe_pt_kq3v5Zy0…", "delivery": "cookie"}]}
    )

    code: GivenRecoveryCode | None = Field(
        default=None,
        description="A code of the authenticator app or a recovery code, if the account has a second factor.",
        examples=["492039"],
    )
    delivery: Delivery = Field(default="body", description=_DELIVERY)


class ProviderRegistration(ProviderTicketBody):
    """A new account without a password for a verified user of the provider."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ticket": "euterpe_pt_kq3v5Zy0…", "username": "clara"}]})

    username: str = Field(
        min_length=MIN_USERNAME_LENGTH,
        max_length=MAX_USERNAME_LENGTH,
        pattern=USERNAME_PATTERN,
        description="ASCII letters, digits, dots, underscores and hyphens.",
    )
    proof: str | None = Field(
        default=None,
        max_length=MAX_PROOF_LENGTH,
        description="The solution of a challenge in base64, if this installation requires one.",
    )


class CredentialsAnswer(BaseModel):
    """How a user logs in to an account and recovers it."""

    email: str | None = Field(description="The verified address.", examples=["clara@example.com"])
    pending_email: str | None = Field(
        description="An address whose link has not been opened yet.", examples=["clara@example.org"]
    )
    recovery_codes: int = Field(description="Number of unused recovery codes.", examples=[10])
    totp: bool = Field(description="Whether logins need a code of an authenticator app; not those with a passkey.")
    password: bool = Field(description="Whether the account has a password.")
    providers: list[ProviderLinkAnswer]


class LoginOptionsAnswer(BaseModel):
    """What this installation offers to log in, to register, and to recover a password."""

    mails: bool = Field(description="Whether passwords can be recovered by mail.")
    passkeys: bool = Field(description="Whether passkeys can be used.")
    provider: str | None = Field(
        description="Name of the OpenID Connect provider to log in at; null if there is none.", examples=["Example ID"]
    )


class ClaimBody(BaseModel):
    """The access token of a guest."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"guest_token": "eyJhbGciOi…"}]})

    guest_token: GivenJwt = Field(description="The guest's access token.")


class GuestBody(BaseModel):
    """How to return the refresh token of a guest."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"delivery": "cookie"}]})

    delivery: Delivery = Field(default="body", description=_DELIVERY)


class PasswordForm(BaseModel):
    """OAuth 2.0 password form. Other fields are ignored, as RFC 6749, section 3.2, requires."""

    grant_type: Literal["password"]
    username: str = Field(max_length=256, examples=["clara"])
    password: GivenPassword = Field(examples=["op. 7, in A minor"])
    code: GivenRecoveryCode | None = Field(
        default=None,
        description="A code of the authenticator app or a recovery code, if the account has a second factor.",
        examples=["492039"],
    )
    delivery: Delivery = Field(default="body", description=_DELIVERY)


class ClientForm(BaseModel):
    """OAuth 2.0 client credentials form. Other fields are ignored, as RFC 6749, section 3.2, requires."""

    grant_type: Literal["client_credentials"]


class RefreshBody(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"refresh_token": "euterpe_rt_kq3v5Zy0…"}]}
    )

    refresh_token: GivenRefreshToken


class ServiceTokenAnswer(BaseModel):
    """A token for calls between services."""

    access_token: str = Field(examples=["eyJhbGciOiJFZERTQSJ9.e30.c2ln"])
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme, no secret
    expires_in: int = Field(description="Seconds until the access token expires.", examples=[600])


class TokenAnswer(ServiceTokenAnswer):
    """A user's tokens."""

    refresh_token: str | None = Field(
        default=None, description="Omitted if it was set as a cookie.", examples=["euterpe_rt_kq3v5Zy0…"]
    )
    refresh_expires_in: int = Field(description="Seconds until the session expires.", examples=[2_592_000])


class SessionAnswer(BaseModel):
    """A login on a device."""

    id: uuid.UUID
    created_at: UtcTime = Field(examples=["2026-09-13T12:00:00Z"])
    last_used_at: UtcTime = Field(examples=["2026-09-14T09:30:00Z"])
    expires_at: UtcTime = Field(examples=["2026-10-13T12:00:00Z"])
    address: str = Field(description="Network address of the last use.", examples=["192.0.2.7"])
    user_agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64)"])
    current: bool = Field(description="Whether the request belongs to this session.")


class SessionList(BaseModel):
    """An account's sessions."""

    items: list[SessionAnswer]


class SecurityEventAnswer(BaseModel):
    """An entry of the audit log."""

    event: str = Field(examples=["logged_in"])
    happened_at: UtcTime = Field(examples=["2026-09-13T12:00:00Z"])
    subject: str = Field(description="Id of the session or key, if any.", examples=[""])
    address: str = Field(examples=["192.0.2.7"])
    user_agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64)"])


class SecurityEventPage(BaseModel):
    """A page of the audit log."""

    items: list[SecurityEventAnswer]
    next_before: int | None = Field(description="`before` of the next page; null on the last one.", examples=[4711])


class ApiKeyBody(BaseModel):
    """A new API key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "my studio", "scopes": ["songs:read"], "expires_in_days": 90}]},
    )

    name: KeyName
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires_in_days: int = Field(default=90, ge=1, le=MAX_DAYS)
    password: GivenPassword | None = Field(
        default=None, description="The account's password; required later than ten minutes after the login."
    )


class ApiKeyAnswer(BaseModel):
    """An API key, without its secret text."""

    id: uuid.UUID
    name: str = Field(examples=["my studio"])
    prefix: str = Field(description="First characters of the key.", examples=["euterpe_ak_Q3vx9k"])
    scopes: list[Scope]
    created_at: UtcTime = Field(examples=["2026-09-13T12:00:00Z"])
    expires_at: UtcTime = Field(examples=["2026-12-12T12:00:00Z"])
    last_used_at: UtcTime | None = Field(examples=["2026-09-14T09:30:00Z"])


class NewApiKeyAnswer(ApiKeyAnswer):
    """A new API key with its secret text, which is in this response only."""

    api_key: str = Field(examples=["euterpe_ak_Q3vx9k…"])


class ApiKeyList(BaseModel):
    """An account's API keys."""

    items: list[ApiKeyAnswer]


class ApiKeyExchange(BaseModel):
    """An API key to exchange."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"api_key": "euterpe_ak_Q3vx9k…"}]})

    api_key: GivenRefreshToken


class ScopedTokenAnswer(ServiceTokenAnswer):
    """An access token with scopes."""

    scope: str = Field(description="Scopes, separated by spaces.", examples=["songs:read generations:write"])


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, str]] = Field(
        examples=[[{"kty": "OKP", "crv": "Ed25519", "x": "11qYAY…", "kid": "kPrK_q…", "alg": "EdDSA", "use": "sig"}]]
    )


def token_answer(pair: TokenPair, *, with_refresh_token: bool) -> TokenAnswer:
    """Convert the result of a login or a refresh."""
    return TokenAnswer(
        access_token=pair.access.text,
        expires_in=pair.access.expires_in,
        refresh_token=pair.refresh_token if with_refresh_token else None,
        refresh_expires_in=pair.refresh_expires_in,
    )


def service_token_answer(token: SignedToken) -> ServiceTokenAnswer:
    """Convert a service token."""
    return ServiceTokenAnswer(access_token=token.text, expires_in=token.expires_in)
