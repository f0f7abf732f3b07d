"""What the converter reads from its environment, as `EUTERPE_CONVERTER_<FIELD>`."""

import os
import tempfile
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
    #: Where peers are served over gRPC; without a port they are not. 0 lets the system choose one.
    grpc_host: str = "127.0.0.1"
    grpc_port: int | None = Field(default=None, ge=0, le=65535)
    #: A SoundFont file (.sf2, .sf3); without one, those of Debian's packages are looked for.
    soundfont: Path | None = None
    #: A directory of more SoundFonts that may be asked for by name; without one, Debian's.
    soundfonts: Path | None = None
    #: Where more of them lie in the bucket, such as `soundfonts/`; fetched when somebody asks for one.
    soundfonts_prefix: str | None = Field(default=None, min_length=1)
    #: Where fetched ones are kept, and how many bytes of them.
    soundfonts_cache: Path = Path(tempfile.gettempdir()) / "euterpe-soundfonts"
    soundfonts_cache_bytes: int = Field(default=2048 * _MEBIBYTE, ge=_MEBIBYTE)
    #: SoundFonts in memory at once, each in a process of its own; the least recently used makes way.
    loaded_soundfonts: int = Field(default=2, ge=1, le=64)
    #: Shared library; and a command, found on PATH unless it is a path, of which only Ogg Vorbis has need.
    fluidsynth: str = "libfluidsynth.so.3"
    ffmpeg: str = "ffmpeg"
    #: Renders at once; each keeps one to two processors busy and takes 30 MB beside the SoundFont that all share.
    workers: int = Field(default_factory=_processors, ge=1, le=256)
    #: Renders that may wait for a worker; one more is answered with 503.
    queue_limit: int = Field(default=32, ge=0, le=10_000)
    #: Wall-clock seconds that one render may take.
    render_timeout_seconds: float = Field(default=60.0, gt=0)
    #: Seconds for which a render goes on when its last listener has left: players that seek come back.
    linger_seconds: float = Field(default=1.0, ge=0, le=60)
    #: The last bytes of each rendition that is being made, from which listeners are served.
    window_bytes: int = Field(default=48 * _MEBIBYTE, ge=_MEBIBYTE)
    #: Finished renditions that are kept in memory, too.
    memory_cache_bytes: int = Field(default=32 * _MEBIBYTE, ge=0)
    #: How long renditions stay in the object store, and how many bytes of them; none is no limit.
    cache_age_seconds: float | None = Field(default=90 * 86_400.0, gt=0)
    cache_size_bytes: int | None = Field(default=50 * 1024 * _MEBIBYTE, ge=0)
    sweep_seconds: float = Field(default=3600.0, gt=0)
    #: Address space of each render's process in bytes; must have room for the SoundFont.
    render_memory_bytes: int = Field(default=1024 * _MEBIBYTE, ge=128 * _MEBIBYTE)
    #: Limits on what is rendered.
    max_upload_bytes: int = Field(default=_UPLOAD_BYTES, ge=1)
    max_duration_seconds: float = Field(default=1200.0, gt=0)
    max_notes: int = Field(default=200_000, ge=1)
