"""Settings of the converter, read from environment variables `EUTERPE_CONVERTER_<FIELD>`."""

import os
import tempfile
from pathlib import Path

from euterpe_service_kit.settings import ObjectStoreSettings, PeerSettings, ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from euterpe_converter.domain.limits import BudgetLimits, WorkerLimits
from euterpe_converter.domain.requester import UserClass

_MEBIBYTE = 1024 * 1024
_UPLOAD_BYTES = 10 * _MEBIBYTE
# Room for the boundaries, part headers and other fields of the multipart form around the file.
_FORM_BYTES = 64 * 1024


def _processors() -> int:
    return len(os.sched_getaffinity(0))


class Settings(ServiceSettings):
    """The converter's settings; fields without a default are required."""

    model_config = SettingsConfigDict(env_prefix="EUTERPE_CONVERTER_", env_nested_delimiter="__", extra="ignore")

    max_body_bytes: int = _UPLOAD_BYTES + _FORM_BYTES
    s3: ObjectStoreSettings
    #: URL of auth's JSON Web Key Set, which verifies tokens.
    jwks_url: str
    peer: PeerSettings
    #: host:port of the library's gRPC server.
    library_target: str
    #: The default SoundFont (.sf2, .sf3). Unset: the first of Debian's that is installed.
    soundfont: Path | None = None
    #: Directory of further SoundFonts, selectable by name. Unset: Debian's directories.
    soundfonts: Path | None = None
    #: Key prefix of SoundFonts in the bucket, such as `soundfonts/`; each is downloaded on its first use.
    soundfonts_prefix: str | None = Field(default=None, min_length=1)
    #: Where downloaded SoundFonts are stored, and how many bytes of them.
    soundfonts_cache: Path = Path(tempfile.gettempdir()) / "euterpe-soundfonts"
    soundfonts_cache_bytes: int = Field(default=2048 * _MEBIBYTE, ge=_MEBIBYTE)
    #: SoundFonts in memory at once, one process each; the least recently used is unloaded.
    loaded_soundfonts: int = Field(default=2, ge=1, le=64)
    #: FluidSynth's shared library, and the ffmpeg command, which only Ogg Vorbis needs.
    fluidsynth: str = "libfluidsynth.so.3"
    ffmpeg: str = "ffmpeg"
    #: Concurrent renders. Each uses one to two processors and 30 MB in addition to the shared SoundFont.
    workers: int = Field(default_factory=_processors, ge=1, le=256)
    #: Renders that may wait for a worker; further ones are answered with 503.
    queue_limit: int = Field(default=32, ge=0, le=10_000)
    #: Running and waiting renders of one account, or of all anonymous users of one network; further ones get 429.
    renders_per_principal: int = Field(default=8, ge=1, le=10_000)
    #: Bytes of audio an hour that are rendered for one registered user, one guest, all anonymous users of one network
    #: (/24 of IPv4, /64 of IPv6), and all users of one network; audio from the cache does not count.
    registered_bytes_per_hour: int = Field(default=8192 * _MEBIBYTE, ge=1)
    guest_bytes_per_hour: int = Field(default=1024 * _MEBIBYTE, ge=1)
    anonymous_bytes_per_hour: int = Field(default=512 * _MEBIBYTE, ge=1)
    network_bytes_per_hour: int = Field(default=16_384 * _MEBIBYTE, ge=1)
    #: Maximum wall-clock seconds of a render.
    render_timeout_seconds: float = Field(default=60.0, gt=0)
    #: Seconds that a render continues after its last subscriber has left: a seeking player reconnects.
    linger_seconds: float = Field(default=1.0, ge=0, le=60)
    #: How much of the end of each running render is kept in memory for its subscribers.
    window_bytes: int = Field(default=48 * _MEBIBYTE, ge=_MEBIBYTE)
    #: Memory for finished renditions.
    memory_cache_bytes: int = Field(default=32 * _MEBIBYTE, ge=0)
    #: Maximum age and total size of renditions in the object store; unset means no limit.
    cache_age_seconds: float | None = Field(default=90 * 86_400.0, gt=0)
    cache_size_bytes: int | None = Field(default=50 * 1024 * _MEBIBYTE, ge=0)
    sweep_seconds: float = Field(default=3600.0, gt=0)
    #: Address space of a render process in bytes; must exceed the size of the SoundFont.
    render_memory_bytes: int = Field(default=1024 * _MEBIBYTE, ge=128 * _MEBIBYTE)
    #: Whether nothing is rendered unless the system keeps renders, which read untrusted files, from the network.
    sandbox_required: bool = True
    #: Limits on the music that is rendered.
    max_upload_bytes: int = Field(default=_UPLOAD_BYTES, ge=1)
    max_duration_seconds: float = Field(default=1200.0, gt=0)
    max_notes: int = Field(default=200_000, ge=1)

    @property
    def worker_limits(self) -> WorkerLimits:
        """With several workers, one principal has at most half of them, and registered users always have one."""
        return WorkerLimits(self.workers, max(1, self.workers // 2), max(1, self.workers - 1))

    @property
    def budget_limits(self) -> BudgetLimits:
        """Bytes of audio an hour."""
        per_principal = {
            UserClass.REGISTERED: self.registered_bytes_per_hour,
            UserClass.GUEST: self.guest_bytes_per_hour,
            UserClass.ANONYMOUS: self.anonymous_bytes_per_hour,
        }
        return BudgetLimits(per_principal, self.network_bytes_per_hour)
