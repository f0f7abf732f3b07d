"""Bodies of requests and answers."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from euterpe_auth.domain.users import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    USERNAME_MAX,
    USERNAME_MIN,
    USERNAME_PATTERN,
    normalise_password,
)
from euterpe_auth.services.jwts import SignedToken
from euterpe_auth.services.sessions import TokenPair

_REFRESH_MAX = 256


def _at_most(limit: int) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        # Half a surrogate pair, which JSON can spell, has no UTF-8 and so cannot be hashed; SecretStr lets it pass.
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
    if len(secret.get_secret_value()) < PASSWORD_MIN:
        raise PydanticCustomError(
            "string_too_short", "Should have at least {min_length} characters", {"min_length": PASSWORD_MIN}
        )
    return secret


def _schema(**members: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "password", "writeOnly": True} | members)


#: The upper limit is checked before normalisation, the lower one after it: what counts is what will be hashed.
NewPassword = Annotated[
    SecretStr,
    _at_most(PASSWORD_MAX),
    AfterValidator(_normalised),
    AfterValidator(_long_enough),
    _schema(minLength=PASSWORD_MIN, maxLength=PASSWORD_MAX),
]
GivenPassword = Annotated[
    SecretStr, _at_most(PASSWORD_MAX), AfterValidator(_normalised), _schema(maxLength=PASSWORD_MAX)
]
GivenRefreshToken = Annotated[SecretStr, _at_most(_REFRESH_MAX), _schema(maxLength=_REFRESH_MAX)]


class Registration(BaseModel):
    """A new account. Names are unique whatever their case; passwords are normalised to NFKC."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"username": "clara", "password": "op. 7, in A minor"}]}
    )

    username: str = Field(
        min_length=USERNAME_MIN,
        max_length=USERNAME_MAX,
        pattern=USERNAME_PATTERN,
        description="Letters, digits, dots, underscores and hyphens.",
    )
    password: NewPassword


class UserAnswer(BaseModel):
    """An account."""

    id: uuid.UUID = Field(examples=["5b0f8a3e-7f0c-4c44-9a51-0d6c0c1d2e3f"])
    username: str = Field(examples=["clara"])
    created_at: datetime = Field(examples=["2026-09-13T12:00:00Z"])


class PasswordForm(BaseModel):
    """OAuth 2.0 password form. Further fields are ignored, as RFC 6749, section 3.2, demands."""

    grant_type: Literal["password"]
    username: str = Field(max_length=256, examples=["clara"])
    password: GivenPassword


class ClientForm(BaseModel):
    """OAuth 2.0 client credentials form. Further fields are ignored, as RFC 6749, section 3.2, demands."""

    grant_type: Literal["client_credentials"]


class RefreshBody(BaseModel):
    """A refresh token in use."""

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
    """A listener's tokens."""

    refresh_token: str = Field(examples=["euterpe_rt_kq3v5Zy0…"])
    refresh_expires_in: int = Field(description="Seconds until the session ends for good.", examples=[2_592_000])


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, str]] = Field(
        examples=[[{"kty": "OKP", "crv": "Ed25519", "x": "11qYAY…", "kid": "kPrK_q…", "alg": "EdDSA", "use": "sig"}]]
    )


def token_answer(pair: TokenPair) -> TokenAnswer:
    """Shapes a login's or a refresh's result."""
    return TokenAnswer(
        access_token=pair.access.text,
        expires_in=pair.access.expires_in,
        refresh_token=pair.refresh_token,
        refresh_expires_in=pair.refresh_expires_in,
    )


def service_token_answer(token: SignedToken) -> ServiceTokenAnswer:
    """Shapes a service token."""
    return ServiceTokenAnswer(access_token=token.text, expires_in=token.expires_in)


def utc(moment: datetime) -> datetime:
    """Times are shown in UTC, whatever time zone the database connection has."""
    return moment.astimezone(UTC)
