"""Settings, read from environment variables `EUTERPE_GENERATOR_<FIELD>`."""

import socket
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from euterpe_service_kit.settings import ObjectStoreSettings, PeerSettings, ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from euterpe_generator.domain.generation import UserClass
from euterpe_generator.domain.retention import RetentionOptions
from euterpe_generator.domain.shares import ClassLimits

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
PositiveFloat = Annotated[float, Field(gt=0)]


class Settings(ServiceSettings):
    """The generator's settings. Fields without a default are required."""

    model_config = SettingsConfigDict(env_prefix="EUTERPE_GENERATOR_", env_nested_delimiter="__", extra="ignore")

    database_url: SecretStr
    s3: ObjectStoreSettings
    jwks_url: str
    peer: PeerSettings
    library_target: str

    grpc_host: str = "127.0.0.1"
    grpc_port: int = 0
    #: Whether the gRPC server describes its services to anyone who can connect, for tools such as grpcurl.
    grpc_reflection: bool = False

    #: A directory or `s3://bucket/prefix` with bundles `<name>/<version>/`.
    models_url: str
    #: Local copies of bundles from S3.
    models_cache: Path = Path("/tmp/euterpe-models")  # noqa: S108 - content is verified by digest
    #: Interval of polling for new versions.
    models_poll_seconds: PositiveFloat = 15.0
    #: Maximum number of models in memory; old versions are unloaded first.
    max_models: PositiveInt = 8
    #: Variant of token networks to run where a bundle has it; by default the manifest's.
    model_variant: Literal["fp32", "int8"] | None = None
    #: Model for requests that name none: by the two-sample test the one whose pieces are closest to real ones. The
    #: first by name if it is not loaded.
    default_model: str = "ensemble"
    #: Model for requests that name none, but give a length in events, if the other one has no such length.
    default_model_by_length: str = "crnngan-euterpe"

    #: Whether a worker refuses models that cannot run on a GPU, and so is never ready, instead of composing on the CPU.
    require_gpu: bool = False
    #: Whether this process composes, or only serves the API.
    worker_enabled: bool = True
    worker_id: str = Field(default_factory=lambda: f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}")
    #: Name of the worker's pod, if it may set the pod's deletion cost in Kubernetes; empty: it does not try.
    pod_name: str = ""
    #: A worker that does not renew its leases for this long loses its generations to others.
    lease_seconds: PositiveFloat = 10.0
    #: Interval of polling for generations that no notification announced.
    poll_seconds: PositiveFloat = 0.5
    #: Number of expired leases after which a generation fails.
    max_attempts: PositiveInt = 3
    #: Generations that wait this long for a model that no worker has loaded fail.
    model_patience_seconds: PositiveFloat = 3600.0
    #: Maximum number of pieces composed at the same time.
    slots: PositiveInt = 64
    #: Maximum number of pieces that are stored, registered and recorded at the same time.
    finishers: PositiveInt = 32

    #: Maximum length of the queue of the whole deployment; further requests are rejected with 503.
    max_queued: PositiveInt = 10_000
    #: Maximum estimated wait of a new generation; requests that would wait longer are rejected with 503, except
    #: background ones. The estimate uses the throughput of the last minutes.
    max_queue_seconds: PositiveFloat = 120.0
    #: Queue length that is accepted regardless of the throughput, for bursts after an idle period.
    always_queued: PositiveInt = 1_000
    #: Maximum number of unfinished generations of one registered user, of one guest, and of all anonymous users of one
    #: network (/24 of IPv4, /64 of IPv6); further requests are rejected with 429.
    max_unfinished_per_listener: PositiveInt = 1_000
    max_unfinished_guest: PositiveInt = 300
    max_unfinished_anonymous: PositiveInt = 100
    #: Maximum number of unfinished generations of all registered users, and of all guests, of one network.
    max_unfinished_registered_per_network: PositiveInt = 4_000
    max_unfinished_guests_per_network: PositiveInt = 600
    #: Parts of the queue that each class of users has even while the other classes fill it.
    registered_share: Share = 0.5
    guest_share: Share = 0.2
    anonymous_share: Share = 0.1
    #: Maximum number of open progress streams of one account, and of all anonymous users of one network.
    max_streams_per_user: PositiveInt = 20
    max_streams_anonymous: PositiveInt = 20
    #: Maximum number of pieces that one registered user, one guest, and all anonymous users of one network request in a
    #: day (UTC); 0 is no limit.
    max_registered_per_day: NonNegativeInt = 5_000
    max_guest_per_day: NonNegativeInt = 1_000
    max_anonymous_per_network_per_day: NonNegativeInt = 5_000
    #: Days after which pieces of anonymous users are deleted.
    anonymous_days: PositiveFloat = 7.0
    #: Interval of the sweep that removes objects without a generation and a song, and the age at which it removes them.
    object_sweep_seconds: PositiveFloat = 86_400.0
    orphan_grace_seconds: Annotated[float, Field(ge=3600)] = 86_400.0
    #: Maximum of `Prefer: wait`.
    max_wait_seconds: PositiveFloat = 60.0

    @property
    def class_limits(self) -> Mapping[UserClass, ClassLimits]:
        """The limits of each class of users."""
        registered, guests = self.max_unfinished_registered_per_network, self.max_unfinished_guests_per_network
        anonymous, per_day = self.max_unfinished_anonymous, self.max_anonymous_per_network_per_day
        return {
            UserClass.REGISTERED: ClassLimits(
                self.max_unfinished_per_listener, registered, self.registered_share, self.max_registered_per_day or None
            ),
            UserClass.GUEST: ClassLimits(
                self.max_unfinished_guest, guests, self.guest_share, self.max_guest_per_day or None
            ),
            UserClass.ANONYMOUS: ClassLimits(anonymous, anonymous, self.anonymous_share, per_day or None),
        }

    @property
    def retention(self) -> RetentionOptions:
        """How long pieces and objects are kept."""
        return RetentionOptions(
            anonymous_lifetime=timedelta(days=self.anonymous_days),
            sweep_interval=timedelta(seconds=self.object_sweep_seconds),
            orphan_grace=timedelta(seconds=self.orphan_grace_seconds),
        )
