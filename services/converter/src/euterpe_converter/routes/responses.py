"""Audio responses: whole or partial, while the audio is rendered or from the cache."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from euterpe_music.titles import file_name
from euterpe_service_kit.artifacts import artifact_responses, content_disposition
from euterpe_service_kit.etags import none_match, require_match, strong_etag
from euterpe_service_kit.object_store import ObjectNotFound
from euterpe_service_kit.ranges import ByteRange, parse_range
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.routes.disconnect import while_connected
from euterpe_converter.services.rendition import Rendition

_BOUNDED = re.compile(r"bytes=(\d{1,18})-(\d{1,18})", re.ASCII)
_FROM_THE_START = re.compile(r"bytes=0*-", re.ASCII)


async def rendition_response(request: Request, obtain: Callable[[], Awaitable[Rendition]], *, inline: bool) -> Response:
    """Return the audio, named after its title; `inline` lets a browser play it in place.

    Conditions and a single range are honoured, also while the audio is rendered. Where the size is not known yet, the
    whole is sent without one, and a part with `*` in place of the size (RFC 9110, section 14.4).
    """

    async def respond() -> Response:
        rendition = await obtain()
        try:
            return await _respond(request, rendition, inline=inline)
        except ObjectNotFound:
            # Another process has removed it from the cache.
            rendition.invalidate()
            await rendition.close()
            rendition = await obtain()
            return await _respond(request, rendition, inline=inline)
        except BaseException:
            await rendition.close()
            raise

    return await while_connected(request, respond())


def audio_content() -> dict[str, Any]:
    """Return the OpenAPI `content` of the response: one entry per format."""
    return {kind.spec.content_type: {"schema": {"type": "string", "format": "binary"}} for kind in AudioFormat}


def audio_responses() -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of an operation that honours conditions and ranges."""
    responses = artifact_responses(AudioFormat.MP3.spec.content_type)
    for status in (200, 206):
        responses[status]["content"] = audio_content()
    return responses


class _RenditionResponse(StreamingResponse):
    """Closes the rendition however the response ends, even if no byte of it was sent."""

    def __init__(self, rendition: Rendition, body: AsyncGenerator[bytes, None], status: int, headers: Any) -> None:
        super().__init__(body, status_code=status, headers=headers)
        self._rendition, self._body = rendition, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()
            await self._rendition.close()


async def _respond(request: Request, rendition: Rendition, *, inline: bool) -> Response:
    etag = strong_etag(rendition.digest)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
    require_match(request.headers.get("if-match"), etag)
    if not none_match(request.headers.get("if-none-match"), etag):
        await rendition.close()
        return Response(status_code=304, headers=headers)
    filename = file_name(rendition.title, rendition.encoding.format.value)
    headers |= {
        "Content-Type": rendition.encoding.format.spec.content_type,
        "Content-Disposition": content_disposition(filename, inline=inline),
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":
        # HEAD never renders: where the length cannot be computed, it is omitted.
        await rendition.close()
        response = Response(headers=headers | _lengths(rendition, rendition.size_bytes))
        if rendition.size_bytes is None:
            del response.headers["content-length"]
        return response
    await rendition.start()
    wanted = request.headers.get("range") if request.headers.get("if-range", etag) == etag else None
    # Ranges apply to GET only: the response to an upload has no URL to request the rest from.
    part, size = await _part(rendition, wanted if request.method == "GET" else None)
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{'*' if size is None else size}"
    headers |= _lengths(rendition, part.size_bytes if part else size)
    chunks = rendition.read(part)
    # Waiting for the first bytes before sending the status lets earlier failures have a status of their own.
    first = await anext(chunks, b"")
    return _RenditionResponse(rendition, _chained(first, chunks), 206 if part else 200, headers)


async def _part(rendition: Rendition, wanted: str | None) -> tuple[ByteRange | None, int | None]:
    """Return the part to send (None: all), and the size of the whole (None: not known yet)."""
    size = rendition.size_bytes
    if size is None and wanted is not None and not _FROM_THE_START.fullmatch(wanted.strip()):
        bounded = _BOUNDED.fullmatch(wanted.strip())
        if bounded and int(bounded[1]) <= int(bounded[2]) and await rendition.wait_for(int(bounded[2])):
            size = rendition.size_bytes
            if size is None:
                return ByteRange(int(bounded[1]), int(bounded[2])), None
        else:
            size = await rendition.wait_finished()
    return (None, None) if size is None else (parse_range(wanted, size), size)


def _lengths(rendition: Rendition, size: int | None) -> dict[str, str]:
    headers = {} if size is None else {"Content-Length": str(size)}
    if rendition.seconds is not None:
        # Players show the duration at once, even where the size is not known.
        headers["X-Content-Duration"] = f"{rendition.seconds:.6f}"
    return headers


async def _chained(first: bytes, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(chunks):
        yield first
        async for chunk in chunks:
            yield chunk
