"""The answer that both operations give: a rendition out of the object store."""

from typing import Any

from euterpe_service_kit.artifacts import Artifact, artifact_response, artifact_responses
from euterpe_service_kit.object_store import ObjectStore
from fastapi import Request, Response

from euterpe_converter.domain.audio import AudioFormat, Rendition


async def rendition_response(request: Request, store: ObjectStore, rendition: Rendition, *, inline: bool) -> Response:
    """The audio, named after its title; `inline` lets a browser play it in place."""
    artifact = Artifact(
        key=rendition.key,
        size_bytes=rendition.size_bytes,
        etag=rendition.digest,
        content_type=rendition.format.content_type,
        filename=f"{rendition.title}.{rendition.format.value}",
        inline=inline,
    )
    return await artifact_response(request, store, artifact)


def audio_content() -> dict[str, Any]:
    """OpenAPI `content` of the answer: one entry per format."""
    return {kind.content_type: {"schema": {"type": "string", "format": "binary"}} for kind in AudioFormat}


def audio_responses() -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` of an operation that honours conditions and ranges."""
    responses = artifact_responses(AudioFormat.MP3.content_type)
    for status in (200, 206):
        responses[status]["content"] = audio_content()
    return responses
