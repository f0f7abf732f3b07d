"""Archives, unpacked once and only when they are whole."""

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
#: How files start. A plain tar starts with a name, so that short patterns might be one.
_ZIP: Final = rb"PK(\x03\x04|\x05\x06)"
#: A zip's last record with the longest comment; its count of files when there are more than fit into it.
_ZIP_END_AT_MOST: Final = 22 + 0xFFFF
_UNSTATED: Final = 0xFFFF
_COMPRESSED: Final[tuple[tuple[bytes, Callable[[Path], Any]], ...]] = (
    (rb"\x1f\x8b", gzip.open), (rb"BZh[1-9]1AY&SY", bz2.open), (rb"\xfd7zXZ\0|]\0\0", lzma.open),
)  # fmt: skip
#: What damaged archives raise; ValueError and the like come from nonsense in the headers of a zip.
_DAMAGE: Final = (
    tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error, EOFError, OSError, ValueError,
    OverflowError,
)  # fmt: skip
#: The disk's fault and not the archive's.
_OF_THE_DISK: Final = {errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits; TrainingError when it cannot be read."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error


def make_cache(directory: Path) -> None:
    """Makes a directory to keep things in; TrainingError when that is impossible."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(
            f"nothing can be kept in {directory} ({error.strerror}); give --cache a directory that can be written to"
        ) from error


def archive_name(archive: Path) -> str:
    """The name without what tells the format: `photos` of `photos.tar.gz`."""
    stem = archive.name
    while Path(stem).suffix.lower() in {".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".lzma"}:
        stem = Path(stem).stem
    return stem


def unpack(archive: Path, cache: Path, sha256: str = "") -> Path:
    """The directory with an archive's content, unpacked into `cache` once.

    Raises TrainingError, and keeps nothing, when it is damaged or its digest is not `sha256`.
    """
    digest = digest_of(archive)
    if sha256 and digest != sha256.lower():
        raise TrainingError(f"{archive} has the SHA-256 {digest}, not {sha256}; check the file and --sha256")
    # Not `.unpacked`: under that name earlier versions kept what they got out of damaged archives.
    target = cache / f"{digest}.content"
    if target.is_dir():
        return target
    make_cache(cache)
    try:
        partial = Path(tempfile.mkdtemp(dir=cache, prefix="unpacking-"))
    except OSError as error:
        raise TrainingError(f"nothing can be written to {cache} ({error.strerror}); give another --cache") from error
    try:
        _extract(archive, partial)
        partial.replace(target)
    except tarfile.FilterError as error:
        raise TrainingError(f"{archive} is refused, because it would write elsewhere: {error}") from error
    except RuntimeError as error:  # so zipfile says that a file is encrypted, or packed in a way it does not know
        raise TrainingError(f"{archive} is encrypted or packed in a way that is not known; pack it anew") from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise TrainingError(f"{archive} cannot be unpacked into {cache}: {error.strerror}") from error
        raise TrainingError(f"{archive} is no archive, or is damaged; fetch it again") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _extract(archive: Path, into: Path) -> None:
    with archive.open("rb") as opened:
        start = opened.read(10)
    # `is_zipfile` looks at the end only, which one that was cut off has lost, and a tar whose last file is a zip has.
    if re.match(_ZIP, start):
        with zipfile.ZipFile(archive) as files:
            _check_count(archive, len(files.infolist()))
            files.extractall(into)  # noqa: S202 - zipfile itself keeps inside the directory
        return
    unpacker = next((found for magic, found in _COMPRESSED if re.match(magic, start)), None)
    with unpacker(archive) if unpacker else archive.open("rb") as stream:
        _extract_tar(stream, into)


def _check_count(archive: Path, found: int) -> None:
    """Against the count at the zip's end, which zipfile does not look at: a damaged directory may list fewer files."""
    with archive.open("rb") as opened:
        opened.seek(max(0, archive.stat().st_size - _ZIP_END_AT_MOST))
        end = opened.read()
    (stated,) = struct.unpack_from("<H", end, end.rindex(b"PK\x05\x06") + 10)
    if stated not in (_UNSTATED, found):
        raise zipfile.BadZipFile("files are missing")


def _extract_tar(stream: IO[bytes], into: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r:") as files:
        files.extractall(into, filter="data")
        end = files.offset
    # tarfile takes a damaged header for the end, which truly is a block of zeros; and it stops before the checksum of
    # the compressed stream, which is only looked at when all is read.
    stream.seek(end)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end")
    while stream.read(_CHUNK):
        pass
