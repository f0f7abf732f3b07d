"""Downloads of archives, verified by their digest."""

import hashlib
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from euterpe_training.balancing.sources.unpack import digest_of, make_cache
from euterpe_training.errors import TrainingError

_CHUNK: Final = 1 << 20


def is_url(source: str) -> bool:
    """Return whether `source` is a URL."""
    # Without urlsplit, which raises ValueError for malformed URLs.
    return source.lower().startswith(("http://", "https://"))


def fetch(url: str, sha256: str, cache: Path) -> Path:
    """Download the file at `url`, or return the copy in `cache`.

    Raise TrainingError when the download fails, or its digest is not `sha256`; then nothing is stored.
    """
    if len(sha256) != 64 or not set(sha256.lower()) <= set("0123456789abcdef"):
        raise TrainingError(f"{url} needs --sha256 with the archive's digest of 64 hexadecimal digits")
    target = cache / sha256.lower() / _file_name(url)
    # A cached file may have been damaged since its download.
    if target.is_file() and digest_of(target) == sha256.lower():
        return target
    make_cache(target.parent)
    try:
        _download(url, sha256, target)
    except httpx.HTTPStatusError as error:
        answer = error.response
        raise TrainingError(
            f"{url} cannot be downloaded: the server answered {answer.status_code} {answer.reason_phrase}"
        ) from error
    except httpx.HTTPError as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise TrainingError(f"{url} cannot be downloaded: {why}") from error
    except (httpx.InvalidURL, ValueError) as error:
        raise _invalid_url(url) from error
    except OSError as error:
        raise TrainingError(f"{url} cannot be stored in {target.parent}: {error.strerror}") from error
    return target


def _file_name(url: str) -> str:
    try:
        name = Path(urlsplit(url).path).name
    except ValueError as error:
        raise _invalid_url(url) from error
    # File systems limit the length of names.
    return name[-100:] if name not in ("", "..") else "archive"


def _invalid_url(url: str) -> TrainingError:
    return TrainingError(f"{url} is not a valid URL")


def _download(url: str, sha256: str, target: Path) -> None:
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
                raise TrainingError(f"{url} has the SHA-256 {digest.hexdigest()}, not {sha256}; check URL and --sha256")
            partial.flush()
            place.replace(target)
        finally:
            place.unlink(missing_ok=True)
