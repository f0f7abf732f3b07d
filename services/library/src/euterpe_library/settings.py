"""What the library reads from its environment, as `EUTERPE_LIBRARY_<FIELD>`."""

from euterpe_service_kit.settings import ObjectStoreSettings, ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict


class Settings(ServiceSettings):
    """The library's settings; fields without a default must be given."""

    model_config = SettingsConfigDict(env_prefix="EUTERPE_LIBRARY_", env_nested_delimiter="__", extra="ignore")

    #: postgresql+asyncpg://user:password@host/database
    database_url: SecretStr
    #: Connections to PostgreSQL that this process keeps at most.
    database_pool_size: int = Field(default=10, ge=1, le=100)
    s3: ObjectStoreSettings
    #: Where auth publishes the keys that tokens are verified with.
    jwks_url: str
    grpc_host: str = "127.0.0.1"
    #: 0 lets the system choose a port.
    grpc_port: int = Field(default=9090, ge=0, le=65535)
    #: How often songs that can be restored no longer, and objects without a song, are looked for.
    sweep_seconds: float = Field(default=600.0, gt=0)
