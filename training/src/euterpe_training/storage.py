"""Files in a directory or below a prefix of a bucket, under the same names.

A bucket's credentials, region and endpoint are those of every AWS tool: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_REGION, and AWS_ENDPOINT_URL for an object store other than AWS's.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from euterpe_training.errors import TrainingError

T = TypeVar("T")

_PARTIAL: Final = ".partial"
_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})


class StorageError(OSError):
    """The bucket does not answer, or refuses the request."""


class Folder(Protocol):
    """Reads and writes files by their paths, such as `crnngan/1.0.0/manifest.json`.

    A file is written whole or not at all. Every method raises OSError; reading a file that does not exist raises
    FileNotFoundError.
    """

    url: str

    def list(self, prefix: str = "") -> dict[str, int]:
        """Return path → size in bytes of all files whose paths begin with `prefix`."""
        ...

    def read(self, path: str) -> bytes:
        """Return the content of a small file."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a small file."""
        ...

    def download(self, path: str, target: Path) -> None:
        """Copy a file to the local path `target`."""
        ...

    def upload(self, source: Path, path: str) -> None:
        """Copy the local file `source`."""
        ...


class LocalFolder:
    """A directory, which need not exist yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.url = str(directory)

    def list(self, prefix: str = "") -> dict[str, int]:
        """See Folder."""
        paths = (path for path in self._directory.rglob("*") if path.is_file() and path.suffix != _PARTIAL)
        sizes = {path.relative_to(self._directory).as_posix(): path.stat().st_size for path in paths}
        return {path: size for path, size in sorted(sizes.items()) if path.startswith(prefix)}

    def read(self, path: str) -> bytes:
        """See Folder."""
        return (self._directory / path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """See Folder."""
        _place(self._directory / path, lambda partial: partial.write_bytes(content))

    def download(self, path: str, target: Path) -> None:
        """See Folder."""
        _place(target, lambda partial: shutil.copyfile(self._directory / path, partial))

    def upload(self, source: Path, path: str) -> None:
        """See Folder."""
        _place(self._directory / path, lambda partial: shutil.copyfile(source, partial))


class BucketFolder:
    """The objects below a prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        import boto3
        from botocore.config import Config

        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.url = f"s3://{bucket}/{self._prefix}"
        has_endpoint = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} & os.environ.keys()
        # A session of its own: the default one keeps the first credentials that it has read.
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 5},
            s3={"addressing_style": "path"} if has_endpoint else {},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._client: Any = boto3.Session().client(
            "s3", region_name=os.environ.get("AWS_REGION", "us-east-1"), config=config
        )

    def list(self, prefix: str = "") -> dict[str, int]:
        """See Folder."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        return self._call(
            lambda: {
                item["Key"].removeprefix(self._prefix): item["Size"]
                for page in pages
                for item in page.get("Contents", [])
            }
        )

    def read(self, path: str) -> bytes:
        """See Folder."""
        key = self._prefix + path
        content: bytes = self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        return content

    def write(self, path: str, content: bytes) -> None:
        """See Folder."""
        self._call(lambda: self._client.put_object(Bucket=self._bucket, Key=self._prefix + path, Body=content))

    def download(self, path: str, target: Path) -> None:
        """See Folder."""
        key = self._prefix + path
        self._call(lambda: _place(target, lambda part: self._client.download_file(self._bucket, key, str(part))))

    def upload(self, source: Path, path: str) -> None:
        """See Folder."""
        self._call(lambda: self._client.upload_file(str(source), self._bucket, self._prefix + path))

    def _call(self, operation: Callable[[], T]) -> T:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return operation()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise FileNotFoundError(f"{self.url} has no such object") from error
            raise StorageError(f"{self.url}: {error}") from error
        except (BotoCoreError, Boto3Error) as error:
            raise StorageError(f"{self.url}: {error}") from error


def open_folder(url: str) -> Folder:
    """Return the folder at a path or an `s3://bucket/prefix` URL. Raises TrainingError for another URL."""
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        return BucketFolder(parts.netloc, parts.path)
    if "://" in url:
        raise TrainingError(f"must be a directory or s3://BUCKET/PREFIX, got {url!r}")
    return LocalFolder(Path(url))


def _place(target: Path, write: Callable[[Path], object]) -> None:
    """Have a file written next to `target`, then put it in its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + _PARTIAL)
    write(partial)
    partial.replace(target)
