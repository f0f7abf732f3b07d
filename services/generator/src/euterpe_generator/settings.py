"""What the generator reads from its environment, as `EUTERPE_GENERATOR_<FIELD>`."""

import socket
import uuid
from pathlib import Path
from typing import Annotated, Literal

from euterpe_service_kit.settings import ObjectStoreSettings, PeerSettings, ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]


class Settings(ServiceSettings):
    """The generator's settings; fields without a default must be given."""

    model_config = SettingsConfigDict(env_prefix="EUTERPE_GENERATOR_", env_nested_delimiter="__", extra="ignore")

    database_url: SecretStr
    s3: ObjectStoreSettings
    jwks_url: str
    peer: PeerSettings
    library_target: str

    grpc_host: str = "127.0.0.1"
    grpc_port: int = 0

    #: A directory, or `s3://bucket/prefix`, that holds `<name>/<version>/` bundles.
    models_url: str
    #: Where bundles from S3 are kept.
    models_cache: Path = Path("/tmp/euterpe-models")  # noqa: S108 - content is checked against its digest
    #: How often new versions are looked for.
    models_poll_seconds: PositiveFloat = 15.0
    #: Models kept in memory; old versions go first.
    max_models: PositiveInt = 8
    #: The variant of token networks that is run where a bundle has it; the bundle's own choice by default.
    model_variant: Literal["fp32", "int8"] | None = None
    #: The model that is used when a request names none; the first by name when empty.
    default_model: str = ""

    #: Whether this process composes; one that does not only takes orders and answers.
    worker_enabled: bool = True
    worker_id: str = Field(default_factory=lambda: f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}")
    #: A worker that is not heard of for this long loses its generations to the others.
    lease_seconds: PositiveFloat = 10.0
    #: How often a worker looks for work that no notification announced.
    poll_seconds: PositiveFloat = 0.5
    #: After this many attempts a generation that kills its workers is given up.
    max_attempts: PositiveInt = 3
    #: What has waited for so long for a model that no worker has is given up.
    model_patience_seconds: PositiveFloat = 3600.0
    #: Pieces composed at the same time.
    slots: PositiveInt = 64
    #: Finishings (store, register, record) in flight at the same time.
    finishers: PositiveInt = 32

    #: Generations waiting in the whole deployment, past which new ones are refused with 503.
    max_queued: PositiveInt = 10_000
    #: Longest time that a new generation should have to wait, judged by the pace of late; if it would be longer, it is
    #: refused with 503, unless it is a background one.
    max_queue_seconds: PositiveFloat = 120.0
    #: Generations that may wait whatever the pace, so that a burst after a quiet hour is taken.
    always_queued: PositiveInt = 1_000
    #: Unfinished generations of one listener, past which new ones are refused with 429.
    max_unfinished_per_listener: PositiveInt = 1_000
    max_unfinished_anonymous: PositiveInt = 100
    #: Longest wait that `Prefer: wait` may ask for.
    max_wait_seconds: PositiveFloat = 60.0
