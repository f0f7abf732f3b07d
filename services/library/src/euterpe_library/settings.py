"""Settings of the library, read from environment variables `EUTERPE_LIBRARY_<FIELD>`."""

from euterpe_service_kit.settings import ObjectStoreSettings, ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict


class Settings(ServiceSettings):
    """The library's settings; fields without a default are required."""

    model_config = SettingsConfigDict(env_prefix="EUTERPE_LIBRARY_", env_nested_delimiter="__", extra="ignore")

    #: postgresql+asyncpg://user:password@host/database
    database_url: SecretStr
    #: Maximum number of PostgreSQL connections of this process.
    database_pool_size: int = Field(default=10, ge=1, le=100)
    s3: ObjectStoreSettings
    #: URL of auth's JSON Web Key Set, which verifies tokens.
    jwks_url: str
    grpc_host: str = "127.0.0.1"
    #: 0 selects a free port.
    grpc_port: int = Field(default=9090, ge=0, le=65535)
    #: Interval of the sweep that purges expired deleted songs and removes objects without a song.
    sweep_seconds: float = Field(default=600.0, gt=0)
