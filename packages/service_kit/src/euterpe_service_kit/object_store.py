"""S3 through boto3, off the event loop.

Keys are content addresses: writing an object twice is harmless, and no object is replaced by a different one.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from euterpe_service_kit.errors import NotFound, Unavailable
from euterpe_service_kit.object_put import FastPut, Put
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_service_kit.tracing import span

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

#: Deadline of a call, including retries. Transfers of large bodies have none, but time-outs of each read and write.
_CALL_SECONDS: Final = 5.0
_CHUNK_BYTES = 256 * 1024
_MISSING = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchUpload"})


class ObjectNotFound(NotFound):
    """There is no object with this key."""

    slug = "object-not-found"


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Metadata of an object in S3."""

    key: str
    size_bytes: int
    content_type: str
    modified: datetime
    #: Names in lower case; S3 stores ASCII only.
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object in a listing."""

    key: str
    size_bytes: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An unfinished multipart upload."""

    key: str
    upload_id: str
    begun: datetime


class ObjectStore:
    """One bucket. Every failure to reach it is Unavailable (503); a missing object is ObjectNotFound."""

    def __init__(self, settings: ObjectStoreSettings, *, threads: int = 16) -> None:
        self._bucket = settings.bucket
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="s3")
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key.get_secret_value(),
            config=Config(
                connect_timeout=2,
                read_timeout=4,
                retries={"mode": "standard", "total_max_attempts": 2},
                max_pool_connections=threads,
                signature_version="s3v4",
                s3={"addressing_style": "path"} if settings.endpoint_url else {},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

        # Virtual-hosted buckets, as on AWS, are left to boto3.
        url = settings.endpoint_url
        self._fast_put = FastPut(settings, url, connections=threads) if url else None

    async def put(
        self, key: str, data: bytes | IO[bytes], *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Write an object from memory or from a seekable file. Writes are atomic."""
        if not isinstance(data, bytes):
            await self._put(key, data, content_type, metadata, timeout_seconds=None)
            return
        (failure,) = await self.put_all([Put(key, data, content_type, metadata or {})])
        if failure is not None:
            raise failure

    async def put_all(self, objects: Sequence[Put]) -> list[Unavailable | None]:
        """Write small objects concurrently; return for each None or the error."""
        written = [False] * len(objects)
        clock = asyncio.get_running_loop().time
        deadline = clock() + _CALL_SECONDS
        if self._fast_put is not None:
            written = await self._call(partial(self._fast_put.put, objects))
        # Both ways together keep the limit of one call.
        remaining = max(deadline - clock(), 0.0)
        left = (one for one, done in zip(objects, written, strict=True) if not done)
        outcomes = iter(await asyncio.gather(*(self._try_put(one, remaining) for one in left)))
        return [None if done else next(outcomes) for done in written]

    async def _try_put(self, one: Put, timeout_seconds: float) -> Unavailable | None:
        try:
            await self._put(one.key, one.data, one.content_type, one.metadata, timeout_seconds=timeout_seconds)
        except Unavailable as error:
            return error
        return None

    async def _put(
        self,
        key: str,
        data: bytes | IO[bytes],
        content_type: str,
        metadata: Mapping[str, str] | None,
        *,
        timeout_seconds: float | None,
    ) -> None:
        kind = {"ContentType": content_type, "Metadata": dict(metadata or {})}
        put = partial(self._client.put_object, Bucket=self._bucket, Key=key, Body=data, **kind)  # type: ignore[arg-type]
        await self._call(put, timeout_seconds=timeout_seconds)

    async def begin_parts(self, key: str, *, content_type: str, metadata: Mapping[str, str] | None = None) -> str:
        """Begin a multipart upload and return its id. The object is not visible until `complete_parts`."""
        kind = {"ContentType": content_type, "Metadata": dict(metadata or {})}
        begin = partial(self._client.create_multipart_upload, Bucket=self._bucket, Key=key, **kind)  # type: ignore[arg-type]
        return (await self._call(begin))["UploadId"]

    async def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        """Write a part, numbered from 1, of at least 5 MiB unless it is the last; return its entity tag."""
        put = partial(self._client.upload_part, Bucket=self._bucket, Key=key, UploadId=upload_id)
        return (await self._call(partial(put, PartNumber=number, Body=data), timeout_seconds=None))["ETag"]

    async def complete_parts(self, key: str, upload_id: str, tags: list[str]) -> None:
        """Complete a multipart upload: the object, made of all parts in order, becomes visible."""
        parts: Any = {"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]}
        complete = partial(self._client.complete_multipart_upload, Bucket=self._bucket, Key=key, UploadId=upload_id)
        await self._call(partial(complete, MultipartUpload=parts))

    async def abort_parts(self, key: str, upload_id: str) -> None:
        """Discard the parts; an upload that has ended is not an error."""
        abort = partial(self._client.abort_multipart_upload, Bucket=self._bucket, Key=key, UploadId=upload_id)
        with contextlib.suppress(ObjectNotFound):
            await self._call(abort)

    async def open_uploads(self, prefix: str) -> list[OpenUpload]:
        """Return up to a thousand unfinished multipart uploads under a prefix."""
        find = partial(self._client.list_multipart_uploads, Bucket=self._bucket, Prefix=prefix)
        found = (await self._call(find)).get("Uploads", [])
        return [OpenUpload(item["Key"], item["UploadId"], item["Initiated"]) for item in found]

    async def get(self, key: str) -> bytes:
        """Return the whole of a small object."""
        return await self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    async def head(self, key: str) -> ObjectInfo | None:
        """Return the metadata of an object, or None if it does not exist."""
        try:
            answer = await self._call(partial(self._client.head_object, Bucket=self._bucket, Key=key))
        except ObjectNotFound:
            return None
        return ObjectInfo(
            key, answer["ContentLength"], answer["ContentType"], answer["LastModified"], answer.get("Metadata", {})
        )

    async def stream(self, key: str, *, first: int, last: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `first` to `last`, both inclusive, in chunks."""
        byte_range = f"bytes={first}-{last}"
        answer = await self._call(partial(self._client.get_object, Bucket=self._bucket, Key=key, Range=byte_range))
        body: Any = answer["Body"]
        try:
            while chunk := await self._call(partial(body.read, _CHUNK_BYTES)):
                yield chunk
        finally:
            body.close()

    async def entries(self, prefix: str) -> list[ObjectEntry]:
        """Return all objects under a prefix, with their sizes and ages."""

        def pages() -> list[ObjectEntry]:
            paginator = self._client.get_paginator("list_objects_v2")
            found = paginator.paginate(Bucket=self._bucket, Prefix=prefix)
            items = (item for page in found for item in page.get("Contents", []))
            return [ObjectEntry(item["Key"], item["Size"], item["LastModified"]) for item in items]

        return await self._call(pages)

    async def pages(self, prefix: str) -> AsyncGenerator[list[ObjectEntry], None]:
        """Yield all objects under a prefix, up to a thousand at a time, each page within the deadline of a call."""
        after = ""
        while True:
            find = partial(self._client.list_objects_v2, Bucket=self._bucket, Prefix=prefix, StartAfter=after)
            found = (await self._call(find)).get("Contents", [])
            if not found:
                return
            yield [ObjectEntry(item["Key"], item["Size"], item["LastModified"]) for item in found]
            after = found[-1]["Key"]

    async def list(self, prefix: str) -> dict[str, str]:
        """Return key → entity tag of all objects under a prefix."""

        def pages() -> dict[str, str]:
            paginator = self._client.get_paginator("list_objects_v2")
            found = paginator.paginate(Bucket=self._bucket, Prefix=prefix)
            return {item["Key"]: item["ETag"] for page in found for item in page.get("Contents", [])}

        return await self._call(pages)

    async def delete(self, key: str) -> None:
        """Delete an object; a missing one is not an error."""
        await self._call(partial(self._client.delete_object, Bucket=self._bucket, Key=key))

    async def ping(self, prefix: str) -> None:
        """Raise if the bucket cannot be reached.

        Objects with this prefix are listed, because a service may list nothing else, and not ask for the bucket itself.
        """
        await self._call(partial(self._client.list_objects_v2, Bucket=self._bucket, Prefix=prefix, MaxKeys=1))

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()
        if self._fast_put is not None:
            self._fast_put.close()

    async def _call(self, operation: Callable[[], T], *, timeout_seconds: float | None = _CALL_SECONDS) -> T:
        try:
            with span("s3"):
                # The thread ends by itself, at the client's own time-outs.
                async with asyncio.timeout(timeout_seconds):
                    return await asyncio.get_running_loop().run_in_executor(self._threads, operation)
        except TimeoutError as error:
            raise Unavailable("The object store does not answer in time.") from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING:
                raise ObjectNotFound("The stored object is missing.") from error
            raise Unavailable(f"The object store refused the request ({code}).") from error
        except BotoCoreError as error:
            raise Unavailable("The object store does not answer.") from error
