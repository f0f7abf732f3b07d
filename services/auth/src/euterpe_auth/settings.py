"""What auth reads from its environment."""

import re
from typing import Annotated

from cryptography.fernet import Fernet
from euterpe_service_kit.settings import ServiceSettings
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict


def _fernet_key(value: SecretStr) -> SecretStr:
    try:
        Fernet(value.get_secret_value())
    except ValueError:
        raise ValueError("must be 32 bytes in URL-safe base64, as Fernet.generate_key() makes them") from None
    return value


def _sha256_hex(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
        raise ValueError("must be the SHA-256 digest of the client's secret, in 64 hexadecimal digits")
    return value


class Settings(ServiceSettings):
    """Environment variables `EUTERPE_AUTH_<FIELD>`; those without a default are required."""

    # Pydantic would show the rejected value in its message, and here that may be a secret.
    model_config = SettingsConfigDict(env_prefix="EUTERPE_AUTH_", hide_input_in_errors=True)

    #: Nobody has a reason to send more than a name, a password and some punctuation.
    max_body_bytes: int = 16_384
    database_url: SecretStr
    #: Encrypts the private signing keys in the database; the same on all replicas.
    key_encryption_key: Annotated[SecretStr, AfterValidator(_fernet_key)]
    #: Services that may have a service token: name → SHA-256 (hex) of its secret, which must be a long random one.
    service_clients: dict[str, Annotated[SecretStr, AfterValidator(_sha256_hex)]] = Field(default_factory=dict)
    access_token_seconds: int = Field(default=600, ge=60, le=900)
    service_token_seconds: int = Field(default=600, ge=60, le=900)
    #: A session ends this long after its login, however often it was refreshed.
    session_seconds: int = Field(default=30 * 86_400, ge=600, le=365 * 86_400)
    #: Each hash in progress takes 19 MiB and one core.
    password_hashes_running: int = Field(default=2, ge=1, le=64)
    password_hashes_waiting: int = Field(default=64, ge=0, le=10_000)
    #: Passwords may be tried so often per name and per address, and accounts and guests made per address, in a window.
    login_attempts_per_account: int = Field(default=10, ge=3, le=1000)
    login_attempts_per_address: int = Field(default=100, ge=3, le=100_000)
    new_accounts_per_address: int = Field(default=300, ge=1, le=1_000_000)
    attempt_window_seconds: int = Field(default=600, ge=10, le=86_400)
    #: How long the audit log is kept.
    security_event_days: int = Field(default=365, ge=1, le=3650)
    #: Marks the refresh cookie Secure even where the gateway does not say that it speaks TLS.
    cookies_always_secure: bool = False
    #: The library's and the generator's gRPC, host:port. Without both, what they have to be told waits in the database.
    library_target: str | None = None
    generator_target: str | None = None
