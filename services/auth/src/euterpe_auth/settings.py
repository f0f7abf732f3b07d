"""Settings of auth, read from environment variables `EUTERPE_AUTH_<FIELD>`."""

import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal

from euterpe_service_kit.settings import ServiceSettings
from pydantic import AfterValidator, AnyHttpUrl, Field, IPvAnyNetwork, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from euterpe_auth.domain.emails import normalise_email
from euterpe_auth.domain.providers import Provider
from euterpe_auth.domain.signing_keys import key_cipher


def _fernet_keys(value: SecretStr) -> SecretStr:
    try:
        key_cipher(value.get_secret_value())
    except ValueError:
        raise ValueError(
            "must be 32 bytes in URL-safe base64, as Fernet.generate_key() creates them; several with commas"
        ) from None
    return value


def _sha256_hex(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
        raise ValueError("must be the SHA-256 digest of the client's secret, in 64 hexadecimal digits")
    return value


class Settings(ServiceSettings):
    """The settings; fields without a default are required."""

    # Pydantic's messages would contain the rejected value, which may be a secret.
    model_config = SettingsConfigDict(env_prefix="EUTERPE_AUTH_", hide_input_in_errors=True)

    #: Requests contain a name, a password and little else.
    max_body_bytes: int = 16_384
    database_url: SecretStr
    #: Encrypts the private signing keys in the database; equal on all replicas. Of several, separated by commas, the
    #: first encrypts and all decrypt; `reencrypt-keys` ends the use of the others.
    key_encryption_key: Annotated[SecretStr, AfterValidator(_fernet_keys)]
    #: Services that may obtain service tokens: name → SHA-256 (hex) of a long random secret.
    service_clients: dict[str, Annotated[SecretStr, AfterValidator(_sha256_hex)]] = Field(default_factory=dict)
    #: Operators' tools, whose tokens have the scope `admin`: name → SHA-256 (hex) of a long random secret.
    admin_clients: dict[str, Annotated[SecretStr, AfterValidator(_sha256_hex)]] = Field(default_factory=dict)
    access_token_seconds: int = Field(default=600, ge=60, le=900)
    service_token_seconds: int = Field(default=600, ge=60, le=900)
    #: Maximum duration of a session after its login, regardless of refreshes.
    session_seconds: int = Field(default=30 * 86_400, ge=600, le=365 * 86_400)
    #: Time without a refresh after which the session of an account ends. A guest's session has no other key to return.
    session_idle_seconds: int = Field(default=14 * 86_400, ge=600, le=365 * 86_400)
    #: Concurrent password hashes; each takes 19 MiB and one core.
    password_hashes_running: int = Field(default=2, ge=1, le=64)
    password_hashes_waiting: int = Field(default=64, ge=0, le=10_000)
    #: Limits per window: password attempts per name and per address, and new accounts and guests per address.
    login_attempts_per_account: int = Field(default=10, ge=3, le=1000)
    login_attempts_per_address: int = Field(default=100, ge=3, le=100_000)
    new_accounts_per_address: int = Field(default=300, ge=1, le=1_000_000)
    #: Whether registrations must solve a challenge, against mass registration; and its iterations per try of 256.
    registration_challenge: Literal["none", "proof_of_work"] = "none"
    registration_challenge_cost: int = Field(default=5_000, ge=100, le=1_000_000)
    attempt_window_seconds: int = Field(default=600, ge=10, le=86_400)
    #: Retention of the audit log.
    security_event_days: int = Field(default=365, ge=1, le=3650)
    #: Marks the refresh cookie Secure even if the gateway does not report TLS.
    cookies_always_secure: bool = False
    #: gRPC targets of the library and the generator, host:port. Without both, tasks for them wait in the outbox.
    library_target: str | None = None
    generator_target: str | None = None

    #: Address of the pages, such as https://music.example, for links in mails.
    public_url: AnyHttpUrl | None = None
    #: Sender of mails: an address, with or without a name.
    mail_from: str | None = Field(default=None, max_length=320)
    #: The mail server; `smtp_security` is tls (usually port 465), starttls (587), or none.
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    #: Without a mail server: a directory into which mails are written as files.
    mail_folder: Path | None = None

    #: An OpenID Connect provider to log in at: its issuer, the name on the button, and the client registered there.
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$", max_length=500)
    oidc_name: str | None = Field(default=None, min_length=1, max_length=40)
    oidc_client_id: str | None = Field(default=None, min_length=1)
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = Field(default="openid profile", pattern=r"^openid( [!-~]+)*$")
    #: Private networks in which the provider may be, with plain HTTP; by default, public addresses only.
    oidc_networks: list[IPvAnyNetwork] = Field(default=[])

    @property
    def provider(self) -> Provider | None:
        """The OpenID Connect provider, if one is set."""
        if self.oidc_issuer is None or self.oidc_name is None or self.oidc_client_id is None:
            return None
        secret = None if self.oidc_client_secret is None else self.oidc_client_secret.get_secret_value()
        redirect_url = f"{str(self.public_url).rstrip('/')}/login/provider"
        return Provider(self.oidc_issuer, self.oidc_name, self.oidc_client_id, secret, self.oidc_scopes, redirect_url)

    @model_validator(mode="after")
    def _provider_is_complete(self) -> "Settings":
        given = (self.oidc_issuer, self.oidc_name, self.oidc_client_id)
        if any(given) and not all((*given, self.public_url)):
            raise ValueError("a provider needs oidc_issuer, oidc_name, oidc_client_id and public_url")
        if self.oidc_issuer is not None and self.oidc_issuer.startswith("http:") and not self.oidc_networks:
            raise ValueError("oidc_issuer must begin with https://, or be in one of oidc_networks")
        return self

    @property
    def sends_mails(self) -> bool:
        """Whether a mail server or a directory for mails is set."""
        return self.smtp_host is not None or self.mail_folder is not None

    @model_validator(mode="after")
    def _mails_have_sender_and_links(self) -> "Settings":
        if self.sends_mails and self.public_url is None:
            raise ValueError("smtp_host and mail_folder need public_url, for links in mails")
        if self.smtp_host is not None and self.mail_from is None:
            raise ValueError("smtp_host needs mail_from, the sender of mails")
        if self.mail_from is not None and normalise_email(parseaddr(self.mail_from)[1]) is None:
            raise ValueError("mail_from must be an address, such as Euterpe <no-reply@music.example>")
        return self

    @model_validator(mode="after")
    def _names_are_distinct(self) -> "Settings":
        # A service whose name is also an operator's would get the scope `admin`.
        if common := self.service_clients.keys() & self.admin_clients.keys():
            raise ValueError(
                f"service_clients and admin_clients must have different names, but both have {min(common)}"
            )
        return self
