"""Settings of the library, read from environment variables `EUTERPE_LIBRARY_<FIELD>`."""

from euterpe_service_kit.settings import ObjectStoreSettings, ServiceSettings
from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic_settings import SettingsConfigDict

from euterpe_library.domain.quota import Quotas, Storage

_MEBIBYTE = 1024 * 1024


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
    #: Quotas: songs, and bytes of their MIDI files and uploaded files, of one user. The trash counts.
    registered_max_songs: int = Field(default=10_000, ge=1)
    registered_max_bytes: int = Field(default=1024 * _MEBIBYTE, ge=1)
    guest_max_songs: int = Field(default=500, ge=1)
    guest_max_bytes: int = Field(default=20 * _MEBIBYTE, ge=1)
    #: Imports of one network (/24 of IPv4, /64 of IPv6) in a day, whoever the users are.
    network_max_imports_per_day: int = Field(default=5_000, ge=1)
    network_max_import_bytes_per_day: int = Field(default=256 * _MEBIBYTE, ge=1)
    #: Private networks to which webhooks may send, also with plain HTTP; by default only public addresses, with HTTPS.
    webhook_networks: list[IPvAnyNetwork] = Field(default=[])
    #: Interval of the sweep that purges expired deleted songs and removes objects without a song.
    sweep_seconds: float = Field(default=600.0, gt=0)

    @property
    def quotas(self) -> Quotas:
        """The quotas."""
        return Quotas(
            registered=Storage(self.registered_max_songs, self.registered_max_bytes),
            guest=Storage(self.guest_max_songs, self.guest_max_bytes),
            network_per_day=Storage(self.network_max_imports_per_day, self.network_max_import_bytes_per_day),
        )
