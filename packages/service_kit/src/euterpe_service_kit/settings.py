"""The settings base: one class per service, one environment prefix, no default secrets."""

from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import AnyHttpUrl, BaseModel, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObjectStoreSettings(BaseModel):
    """Where artifacts lie. `endpoint_url` is empty for AWS itself."""

    endpoint_url: str | None = None
    region: str = "us-east-1"
    bucket: str
    access_key_id: str
    secret_access_key: SecretStr


class ServiceSettings(BaseSettings):
    """What every service reads from its environment, as `EUTERPE_<SERVICE>_<FIELD>`.

    A service derives its own class and sets `env_prefix`; nested fields use two underscores, as in
    `EUTERPE_LIBRARY_S3__BUCKET`.
    """

    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    #: Seconds that open requests get after SIGTERM before they are cut.
    shutdown_grace_seconds: float = 20.0
    #: Seconds after SIGTERM in which requests are still taken, but every answer closes its connection: a client that
    #: keeps one would otherwise send a request into its end.
    drain_seconds: float = Field(default=0.0, ge=0)
    #: Largest request body in bytes; more is refused with 413 before it is read.
    max_body_bytes: int = 1_048_576
    #: Requests that one process answers to one token, and to one network address, in a minute; 0 is no limit.
    token_requests_per_minute: int = Field(default=1_200, ge=0)
    address_requests_per_minute: int = Field(default=12_000, ge=0)
    #: Networks of the gateways whose X-Forwarded-For and -Proto are believed; attempts are counted per address. Nobody
    #: else may be able to connect from them, or addresses can be forged.
    trusted_proxies: list[IPvAnyNetwork] = Field(default=[IPv4Network("127.0.0.1"), IPv6Network("::1")])
    #: A collector of traces that takes OTLP over gRPC, e.g. http://collector:4317; without one none are made.
    traces_endpoint: AnyHttpUrl | None = None
    #: Which share of all traces is kept.
    traces_share: float = Field(default=1.0, ge=0, le=1)


class PeerSettings(BaseModel):
    """How a service proves itself to its peers: credentials for a service token from auth."""

    token_url: str
    client_id: str
    client_secret: SecretStr
