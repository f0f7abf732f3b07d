"""What the converter reads from its environment, as `EUTERPE_CONVERTER_<FIELD>`."""

import os
from pathlib import Path

from euterpe_service_kit.settings import ObjectStoreSettings, PeerSettings, ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict

_MEBIBYTE = 1024 * 1024
_UPLOAD_BYTES = 10 * _MEBIBYTE
# Boundaries, part headers and the other fields of a multipart form around the file.
_FORM_BYTES = 64 * 1024


def _processors() -> int:
    return len(os.sched_getaffinity(0))


class Settings(ServiceSettings):
    """The converter's settings; fields without a default must be given."""

    model_config = SettingsConfigDict(env_prefix="EUTERPE_CONVERTER_", env_nested_delimiter="__", extra="ignore")

    max_body_bytes: int = _UPLOAD_BYTES + _FORM_BYTES
    s3: ObjectStoreSettings
    #: Where auth publishes the keys that tokens are verified with.
    jwks_url: str
    peer: PeerSettings
    #: host:port of the library's gRPC server.
    library_target: str
    #: A SoundFont file (.sf2, .sf3); without one, those of Debian's packages are looked for.
    soundfont: Path | None = None
    #: Commands, found on PATH unless they are paths.
    fluidsynth: str = "fluidsynth"
    ffmpeg: str = "ffmpeg"
    #: Renders at once; each keeps one to two processors busy and takes 60 to 100 MB.
    workers: int = Field(default_factory=_processors, ge=1, le=256)
    #: Renders that may wait for a worker; one more is answered with 503.
    queue_limit: int = Field(default=32, ge=0, le=10_000)
    #: Wall-clock seconds that one render may take.
    render_timeout_seconds: float = Field(default=60.0, gt=0)
    #: Address space of each child process in bytes; must have room for the SoundFont.
    render_memory_bytes: int = Field(default=1024 * _MEBIBYTE, ge=128 * _MEBIBYTE)
    #: Limits on what is rendered.
    max_upload_bytes: int = Field(default=_UPLOAD_BYTES, ge=1)
    max_duration_seconds: float = Field(default=1200.0, gt=0)
    max_notes: int = Field(default=200_000, ge=1)
