"""The settings base: one class per service, one environment prefix, no default secrets."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from pydantic import AnyHttpUrl, BaseModel, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObjectStoreSettings(BaseModel):
    """Bucket and credentials of the object store. `endpoint_url` is empty for AWS."""

    endpoint_url: str | None = None
    region: str = "us-east-1"
    bucket: str
    access_key_id: str
    secret_access_key: SecretStr


class ServiceSettings(BaseSettings):
    """Settings that all services read from the environment, as `EUTERPE_<SERVICE>_<FIELD>`.

    A service derives its own class and sets `env_prefix`; nested fields use two underscores, as in
    `EUTERPE_LIBRARY_S3__BUCKET`.
    """

    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    #: Seconds for which an idle connection stays open. Longer than a proxy keeps its connections (ingress-nginx: 60 s):
    #: otherwise the proxy could send a request on a connection that is being closed, which is a 502 for its client.
    keep_alive_seconds: float = Field(default=75.0, ge=1)
    #: Seconds after SIGTERM until open requests are aborted.
    shutdown_grace_seconds: float = 20.0
    #: Seconds after SIGTERM in which requests are still accepted, but every response closes its connection. Otherwise a
    #: client could send a request on a persistent connection that is about to be closed.
    drain_seconds: float = Field(default=0.0, ge=0)
    #: Largest request body in bytes; larger ones are refused with 413 before they are read.
    max_body_bytes: int = 1_048_576
    #: Longest pause of a request body, and the time within which it must arrive; otherwise the answer is 408. Shorter
    #: than the gateways' own limit (deploy/gateway/limits.caddy).
    body_stall_seconds: float = Field(default=10.0, gt=0)
    body_seconds: float = Field(default=150.0, gt=0)
    #: Bodies of one network that may be unfinished for more than a second at once; further ones get 429.
    slow_bodies_per_network: int = Field(default=32, ge=1)
    #: Requests per minute that one process accepts from one token, and from one network address; 0 means no limit.
    token_requests_per_minute: int = Field(default=1_200, ge=0)
    address_requests_per_minute: int = Field(default=12_000, ge=0)
    #: Networks of the gateways whose X-Forwarded-For and -Proto headers are trusted. Clients in these networks could
    #: forge their address, which rate limits and login attempts use, so only gateways may connect from them.
    trusted_proxies: list[IPvAnyNetwork] = Field(default=[IPv4Network("127.0.0.1"), IPv6Network("::1")])
    #: Directory with `tls.crt`, `tls.key` and `ca.crt`: calls between services are then mutual TLS (`rpc_tls`).
    rpc_tls_directory: Path | None = None
    #: Trace collector that accepts OTLP over gRPC, e.g. http://collector:4317; without one, tracing is off.
    traces_endpoint: AnyHttpUrl | None = None
    #: Share of all traces that is kept.
    traces_share: float = Field(default=1.0, ge=0, le=1)


class PeerSettings(BaseModel):
    """Credentials with which a service gets its service token from auth."""

    token_url: str
    client_id: str
    client_secret: SecretStr
