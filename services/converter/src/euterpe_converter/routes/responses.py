"""The answer with audio: whole or in part, while it is being made or from where it is kept."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from euterpe_service_kit.artifacts import artifact_responses, content_disposition
from euterpe_service_kit.etags import none_match, require_match, strong_etag
from euterpe_service_kit.object_store import ObjectNotFound
from euterpe_service_kit.ranges import ByteRange, parse_range
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from euterpe_converter.domain.audio import AudioFormat
from euterpe_converter.routes.disconnect import while_connected
from euterpe_converter.services.rendition import Rendition

_BOUNDED = re.compile(r"bytes=(\d{1,18})-(\d{1,18})", re.ASCII)
_FROM_THE_START = re.compile(r"bytes=0*-", re.ASCII)


async def rendition_response(request: Request, obtain: Callable[[], Awaitable[Rendition]], *, inline: bool) -> Response:
    """The audio, named after its title; `inline` lets a browser play it in place.

    Conditions and a single range are honoured, also while the audio is being made. Where its size cannot be known yet,
    the whole is sent without one, and a part with `*` in place of the size (RFC 9110, 14.4).
    """

    async def answer() -> Response:
        rendition = await obtain()
        try:
            return await _answer(request, rendition, inline=inline)
        except ObjectNotFound:
            # Another process has removed it since this one last saw it.
            rendition.gone()
            await rendition.close()
            rendition = await obtain()
            return await _answer(request, rendition, inline=inline)
        except BaseException:
            await rendition.close()
            raise

    return await while_connected(request, answer())


def audio_content() -> dict[str, Any]:
    """OpenAPI `content` of the answer: one entry per format."""
    return {kind.content_type: {"schema": {"type": "string", "format": "binary"}} for kind in AudioFormat}


def audio_responses() -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` of an operation that honours conditions and ranges."""
    responses = artifact_responses(AudioFormat.MP3.content_type)
    for status in (200, 206):
        responses[status]["content"] = audio_content()
    return responses


class _RenditionResponse(StreamingResponse):
    """Lets go of the rendition however the answer ends, also when nobody has read a byte of it."""

    def __init__(self, rendition: Rendition, body: AsyncGenerator[bytes, None], status: int, headers: Any) -> None:
        super().__init__(body, status_code=status, headers=headers)
        self._rendition, self._body = rendition, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()
            await self._rendition.close()


async def _answer(request: Request, rendition: Rendition, *, inline: bool) -> Response:
    etag = strong_etag(rendition.digest)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
    require_match(request.headers.get("if-match"), etag)
    if not none_match(request.headers.get("if-none-match"), etag):
        await rendition.close()
        return Response(status_code=304, headers=headers)
    filename = f"{rendition.title}.{rendition.encoding.format.value}"
    headers |= {
        "Content-Type": rendition.encoding.format.content_type,
        "Content-Disposition": content_disposition(filename, inline=inline),
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":
        # The length follows from the notes and the format; where it does not, it is not worth a render.
        await rendition.close()
        answer = Response(headers=headers | _lengths(rendition, rendition.size_bytes))
        if rendition.size_bytes is None:
            del answer.headers["content-length"]
        return answer
    await rendition.begin()
    wanted = request.headers.get("range") if request.headers.get("if-range", etag) == etag else None
    # An upload's answer is not a part of anything that could be asked for again.
    part, size = await _part(rendition, wanted if request.method == "GET" else None)
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{'*' if size is None else size}"
    headers |= _lengths(rendition, part.size_bytes if part else size)
    chunks = rendition.read(part)
    # The first bytes are here before the status is sent, so that failures up to here have one of their own.
    first = await anext(chunks, b"")
    return _RenditionResponse(rendition, _joined(first, chunks), 206 if part else 200, headers)


async def _part(rendition: Rendition, wanted: str | None) -> tuple[ByteRange | None, int | None]:
    """The part to send, None for all, and the size of the whole, None when it is not known yet."""
    size = rendition.size_bytes
    if size is None and wanted is not None and not _FROM_THE_START.fullmatch(wanted.strip()):
        bounded = _BOUNDED.fullmatch(wanted.strip())
        if bounded and int(bounded[1]) <= int(bounded[2]) and await rendition.reaches(int(bounded[2])):
            size = rendition.size_bytes
            if size is None:
                return ByteRange(int(bounded[1]), int(bounded[2])), None
        else:
            size = await rendition.finished()
    return (None, None) if size is None else (parse_range(wanted, size), size)


def _lengths(rendition: Rendition, size: int | None) -> dict[str, str]:
    headers = {} if size is None else {"Content-Length": str(size)}
    if rendition.seconds is not None:
        # Players show it at once, also where the size is not known.
        headers["X-Content-Duration"] = f"{rendition.seconds:.6f}"
    return headers


async def _joined(first: bytes, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(chunks):
        yield first
        async for chunk in chunks:
            yield chunk
