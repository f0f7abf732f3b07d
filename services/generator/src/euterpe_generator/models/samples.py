"""Samples of a bundle: short pieces composed by the model, one with default settings and one of each style."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zipfile import BadZipFile, ZipFile

from euterpe_music.bundle import SAMPLE_FILE, STYLE_SAMPLES_FILE, BundleError

_MAX_SAMPLE_BYTES: Final = 65_536
_MAX_STYLES: Final = 256


@dataclass(frozen=True)
class Samples:
    """MIDI files: the piece with default settings, if there is one, and pieces by style."""

    default: bytes | None = None
    by_style: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))


def read_samples(directory: Path) -> Samples:
    """Read the samples of a bundle. Raises BundleError where they are not MIDI files, or too many or too large."""
    path = directory / SAMPLE_FILE
    default = None
    if path.is_file():
        default = _checked(SAMPLE_FILE, path.stat().st_size, path.read_bytes())
    return Samples(default, MappingProxyType(_read_styles(directory / STYLE_SAMPLES_FILE)))


def _read_styles(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        return {}
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_STYLES:
                raise BundleError(f"{path.name} must have at most {_MAX_STYLES} files, has {len(entries)}")
            # Sizes are checked before anything is unpacked.
            for entry in entries:
                _check_size(entry.filename, entry.file_size)
            return {
                entry.filename.removesuffix(".mid"): _checked(entry.filename, entry.file_size, archive.read(entry))
                for entry in entries
            }
    except BadZipFile as error:
        raise BundleError(f"{path.name} must be a ZIP archive") from error


def _checked(name: str, size: int, content: bytes) -> bytes:
    _check_size(name, size)
    if not content.startswith(b"MThd"):
        raise BundleError(f"{name} must be a MIDI file of at most {_MAX_SAMPLE_BYTES} bytes")
    return content


def _check_size(name: str, size: int) -> None:
    if size > _MAX_SAMPLE_BYTES:
        raise BundleError(f"{name} must be a MIDI file of at most {_MAX_SAMPLE_BYTES} bytes")
