"""Responses with a stored object: 200, 206 for a range, 304 for a client that has the current version."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from euterpe_service_kit.etags import none_match, require_match, strong_etag
from euterpe_service_kit.object_store import ObjectNotFound, ObjectStore
from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.ranges import ByteRange, parse_range


@dataclass(frozen=True, slots=True)
class Artifact:
    """A stored object and how it is presented.

    `etag` is the opaque tag without quotes; it must change whenever the bytes do, so a digest of them is best.
    `filename` may be any text: it comes from users' titles.
    """

    key: str
    size_bytes: int
    etag: str
    content_type: str
    filename: str
    inline: bool = False
    cache_control: str = "private, no-cache"


async def artifact_response(request: Request, store: ObjectStore, artifact: Artifact) -> Response:
    """Create the response to GET or HEAD; If-Match, If-None-Match, If-Range and a single Range are supported.

    Raises, before the response starts: ObjectNotFound when S3 has no such object, Unavailable when S3 does not
    respond, RangeNotSatisfiable, PreconditionFailed.
    """
    etag = strong_etag(artifact.etag)
    headers = {"ETag": etag, "Cache-Control": artifact.cache_control, "Accept-Ranges": "bytes"}
    require_match(request.headers.get("if-match"), etag)
    if not none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    headers |= {
        "Content-Type": artifact.content_type,
        "Content-Disposition": content_disposition(artifact.filename, inline=artifact.inline),
        "X-Content-Type-Options": "nosniff",
    }
    part = _requested_range(request, artifact, etag)
    sent = part or ByteRange(0, artifact.size_bytes - 1)
    headers["Content-Length"] = str(sent.size_bytes)
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{artifact.size_bytes}"
    if request.method == "HEAD":
        return await _head(store, artifact, headers)
    if artifact.size_bytes == 0:
        return Response(headers=headers)
    body = await _open(store, artifact.key, sent)
    return StreamingResponse(body, status_code=206 if part else 200, headers=headers)


def artifact_responses(content_type: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of an operation that returns `artifact_response`."""
    content = {content_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        200: {"description": "The whole object.", "content": content},
        206: {"description": "The part that `Range` asked for.", "content": content},
        304: {"description": "The client has this object already (`If-None-Match`)."},
        **problem_responses(404, 412, 416, 503),
    }


def content_disposition(filename: str, *, inline: bool = False) -> str:
    """Return a Content-Disposition header with the full name and an ASCII fallback (RFC 6266, appendix D)."""
    clean = "".join(_safe_characters(filename)).strip(" .") or "download"
    fallback = clean.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    encoded = quote(clean, safe="!#$&+-.^_`|~")
    return f"{'inline' if inline else 'attachment'}; filename=\"{fallback}\"; filename*=UTF-8''{encoded}"


def _safe_characters(filename: str) -> Iterator[str]:
    # Replaces characters that are special in a file system, a shell or the header; lone surrogates have no UTF-8.
    for character in filename:
        plain = character.isprintable() and character not in '/\\:*?"<>|'
        yield character if plain else "_"


def _requested_range(request: Request, artifact: Artifact, etag: str) -> ByteRange | None:
    # RFC 9110, 14.2: ranges are for GET only. A date in If-Range equals no strong tag, so the whole object is sent.
    if request.method != "GET" or request.headers.get("if-range", etag) != etag:
        return None
    return parse_range(request.headers.get("range"), artifact.size_bytes)


async def _head(store: ObjectStore, artifact: Artifact, headers: dict[str, str]) -> Response:
    if await store.head(artifact.key) is None:
        raise ObjectNotFound("The stored object is missing.")
    return Response(headers=headers)


async def _open(store: ObjectStore, key: str, part: ByteRange) -> AsyncIterator[bytes]:
    """Return the bytes. The first chunk is fetched here, so that a missing object still results in an error status."""
    chunks = store.stream(key, first=part.first, last=part.last)
    first = await anext(chunks, b"")

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(chunks):
            yield first
            async for chunk in chunks:
                yield chunk

    return body()
