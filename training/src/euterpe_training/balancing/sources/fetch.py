"""Archives from the web, checked before they are used."""

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
    """Whether `source` is to be fetched."""
    # Not with urlsplit, which raises for addresses that are wrong further on.
    return source.lower().startswith(("http://", "https://"))


def fetch(url: str, sha256: str, cache: Path) -> Path:
    """The file at `url`, from `cache` when it was fetched before.

    Raises TrainingError when it cannot be fetched, or its digest is not `sha256`; then nothing is kept.
    """
    if len(sha256) != 64 or not set(sha256.lower()) <= set("0123456789abcdef"):
        raise TrainingError(f"fetching {url} needs --sha256 with the archive's digest of 64 hexadecimal digits")
    target = cache / sha256.lower() / _file_name(url)
    # What lies there may have been damaged since it was fetched.
    if target.is_file() and digest_of(target) == sha256.lower():
        return target
    make_cache(target.parent)
    try:
        _download(url, sha256, target)
    except httpx.HTTPStatusError as error:
        answer = error.response
        raise TrainingError(
            f"{url} cannot be fetched: the server answers {answer.status_code} {answer.reason_phrase}"
        ) from error
    except httpx.HTTPError as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise TrainingError(f"{url} cannot be fetched: {why}") from error
    except (httpx.InvalidURL, ValueError) as error:
        raise _no_address(url) from error
    except OSError as error:
        raise TrainingError(f"{url} cannot be kept in {target.parent}: {error.strerror}") from error
    return target


def _file_name(url: str) -> str:
    try:
        name = Path(urlsplit(url).path).name
    except ValueError as error:
        raise _no_address(url) from error
    # No longer than a file system allows.
    return name[-100:] if name not in ("", "..") else "archive"


def _no_address(url: str) -> TrainingError:
    return TrainingError(f"{url} is no valid address; check it")


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
                raise TrainingError(
                    f"{url} has the SHA-256 {digest.hexdigest()}, not {sha256}; check address and digest"
                )
            partial.flush()
            place.replace(target)
        finally:
            place.unlink(missing_ok=True)
