"""Unpacking of archives into a cache, complete or not at all."""

import bz2
import errno
import gzip
import hashlib
import lzma
import re
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from euterpe_training.errors import TrainingError

_CHUNK: Final = 1 << 20
#: First bytes of files. A plain tar starts with a name, which shorter patterns could match.
_ZIP: Final = rb"PK(\x03\x04|\x05\x06)"
#: Maximum size of a zip's last record with its comment; its file count when the number does not fit.
_MAX_ZIP_END: Final = 22 + 0xFFFF
_UNSTATED: Final = 0xFFFF
_COMPRESSED: Final[tuple[tuple[bytes, Callable[[Path], Any]], ...]] = (
    (rb"\x1f\x8b", gzip.open), (rb"BZh[1-9]1AY&SY", bz2.open), (rb"\xfd7zXZ\0|]\0\0", lzma.open),
)  # fmt: skip
#: Errors of damaged archives; ValueError, OverflowError and struct.error are raised for invalid headers of a zip.
_DAMAGE: Final = (
    tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error, EOFError, OSError, ValueError,
    OverflowError,
)  # fmt: skip
#: Errors of the disk instead of the archive.
_DISK_ERRORS: Final = {errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits; raise TrainingError when it cannot be read."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error


def make_cache(directory: Path) -> None:
    """Make a cache directory; raise TrainingError when that is impossible."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(
            f"{directory} cannot be written to ({error.strerror}); give a writable directory with --cache"
        ) from error


def archive_name(archive: Path) -> str:
    """Return the name without the suffixes of its format: `photos` for `photos.tar.gz`."""
    stem = archive.name
    while Path(stem).suffix.lower() in {".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".lzma"}:
        stem = Path(stem).stem
    return stem


def unpack(archive: Path, cache: Path, sha256: str = "") -> Path:
    """Return the directory with an archive's content, unpacked into `cache` once.

    Raise TrainingError, and store nothing, when it is damaged or its digest is not `sha256`.
    """
    digest = digest_of(archive)
    if sha256 and digest != sha256.lower():
        raise TrainingError(f"{archive} has the SHA-256 {digest}, not {sha256}; check the file and --sha256")
    # Not `.unpacked`, under which earlier versions stored the content of damaged archives.
    target = cache / f"{digest}.content"
    if target.is_dir():
        return target
    make_cache(cache)
    try:
        partial = Path(tempfile.mkdtemp(dir=cache, prefix="unpacking-"))
    except OSError as error:
        raise TrainingError(f"{cache} cannot be written to ({error.strerror}); give another --cache") from error
    try:
        _extract(archive, partial)
        partial.replace(target)
    except tarfile.FilterError as error:
        raise TrainingError(f"{archive} is refused, because it would write outside its directory: {error}") from error
    except RuntimeError as error:  # zipfile's error for encryption and unknown compression
        raise TrainingError(
            f"{archive} is encrypted or uses an unknown compression; pack it without encryption"
        ) from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            raise TrainingError(f"{archive} cannot be unpacked into {cache}: {error.strerror}") from error
        raise TrainingError(f"{archive} is not an archive, or is damaged; download it again") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _extract(archive: Path, into: Path) -> None:
    with archive.open("rb") as opened:
        start = opened.read(10)
    # `is_zipfile` looks at the end only, which a truncated zip lacks, and a tar whose last file is a zip has.
    if re.match(_ZIP, start):
        with zipfile.ZipFile(archive) as files:
            _check_count(archive, len(files.infolist()))
            files.extractall(into)  # noqa: S202 - zipfile itself keeps inside the directory
        return
    unpacker = next((found for magic, found in _COMPRESSED if re.match(magic, start)), None)
    with unpacker(archive) if unpacker else archive.open("rb") as stream:
        _extract_tar(stream, into)


def _check_count(archive: Path, found: int) -> None:
    """Compare with the count at the zip's end, which zipfile ignores: a damaged directory may list fewer files."""
    with archive.open("rb") as opened:
        opened.seek(max(0, archive.stat().st_size - _MAX_ZIP_END))
        end = opened.read()
    (stated,) = struct.unpack_from("<H", end, end.rindex(b"PK\x05\x06") + 10)
    if stated not in (_UNSTATED, found):
        raise zipfile.BadZipFile("files are missing")


def _extract_tar(stream: IO[bytes], into: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r:") as files:
        files.extractall(into, filter="data")
        end = files.offset
    # tarfile mistakes a damaged header for the end, which must be a block of zeros, and stops before the checksum of
    # the compressed stream, which is only verified when everything is read.
    stream.seek(end)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end")
    while stream.read(_CHUNK):
        pass
