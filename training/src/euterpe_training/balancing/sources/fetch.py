"""Archives from the web, checked before they are used."""

import hashlib
import tarfile
import tempfile
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from euterpe_training.errors import TrainingError

_CHUNK = 1 << 20


def is_url(source: str) -> bool:
    """Whether `source` is to be fetched."""
    return urlsplit(source).scheme in ("http", "https")


def fetch(url: str, sha256: str, cache: Path) -> Path:
    """The file at `url`, from `cache` when it was fetched before.

    Raises TrainingError when it cannot be fetched, or its digest is not `sha256`; then nothing is kept.
    """
    if len(sha256) != 64 or not set(sha256.lower()) <= set("0123456789abcdef"):
        raise TrainingError(f"fetching {url} needs --sha256 with the archive's digest of 64 hexadecimal digits")
    target = cache / sha256.lower() / (Path(urlsplit(url).path).name or "archive")
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as partial:
        place = Path(partial.name)
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=60) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_bytes(_CHUNK):
                    digest.update(chunk)
                    partial.write(chunk)
            if digest.hexdigest() != sha256.lower():
                raise TrainingError(
                    f"{url} has the SHA-256 {digest.hexdigest()}, not {sha256}; check address and digest"
                )
            partial.flush()
            place.replace(target)
        except httpx.HTTPError as error:
            raise TrainingError(f"{url} cannot be fetched: {error}") from error
        finally:
            place.unlink(missing_ok=True)
    return target


def unpack(archive: Path, cache: Path) -> Path:
    """The directory with an archive's content, unpacked into `cache` once; TrainingError when it is damaged."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    target = cache / f"{digest}.unpacked"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=cache, prefix="unpacking-"))
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(partial)  # noqa: S202 - zipfile itself keeps inside the directory
        else:
            with tarfile.open(archive) as opened:
                opened.extractall(partial, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise TrainingError(f"{archive} is no archive, or is damaged: {error}") from error
    partial.replace(target)
    return target
