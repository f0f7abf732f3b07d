"""`euterpe.converter.v1.ConverterService`."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
from euterpe.converter.v1 import converter_pb2 as pb
from euterpe.converter.v1.converter_pb2_grpc import ConverterServiceServicer, add_ConverterServiceServicer_to_server
from euterpe_service_kit.artifact_keys import midi_sha256
from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.rpc_server import RpcServer
from pydantic import ValidationError

from euterpe_converter.domain.audio import AudioFormat, Tags, Wish
from euterpe_converter.services.audio import AudioService
from euterpe_converter.services.options import AudioOptions

Context = grpc.aio.ServicerContext[Any, Any]

_FORMATS = {
    pb.AUDIO_FORMAT_UNSPECIFIED: AudioFormat.MP3,
    pb.AUDIO_FORMAT_WAV: AudioFormat.WAV,
    pb.AUDIO_FORMAT_MP3: AudioFormat.MP3,
    pb.AUDIO_FORMAT_FLAC: AudioFormat.FLAC,
    pb.AUDIO_FORMAT_OPUS: AudioFormat.OPUS,
    pb.AUDIO_FORMAT_OGG: AudioFormat.OGG,
}
#: Fields that are named as in the HTTP API, and may be absent.
_OPTIONS = (
    "sample_rate", "bit_depth", "bitrate", "vbr", "gain", "reverb", "chorus", "tail", "fade", "loudness",
)  # fmt: skip


class ConverterRpc(ConverterServiceServicer):
    """What peers may ask for; the server has verified their service token."""

    def __init__(self, audio: AudioService, store: ObjectStore) -> None:
        self._audio, self._store = audio, store

    def add_to(self, server: RpcServer) -> None:
        """Register the service with a server."""
        add_ConverterServiceServicer_to_server(self, server.server)

    async def Render(self, request: pb.RenderRequest, context: Context) -> AsyncIterator[pb.RenderResponse]:
        """Ends the render when the call ends, unless others listen."""
        wish = _wish(request)
        midi = await self._midi(request)
        seed = str(request.seed) if request.HasField("seed") else ""
        tags = Tags(request.title, request.artist, seed)
        rendition = await self._audio.of_midi(midi, wish, tags, field_name="midi")
        try:
            await rendition.begin()
            yield pb.RenderResponse(
                info=pb.RenditionInfo(
                    content_type=rendition.encoding.format.content_type,
                    duration_seconds=rendition.seconds or 0.0,
                    size_bytes=rendition.size_bytes,
                )
            )
            async for chunk in rendition.read():
                yield pb.RenderResponse(data=chunk)
        finally:
            await rendition.close()

    async def _midi(self, request: pb.RenderRequest) -> bytes:
        if request.WhichOneof("source") == "midi":
            return bytes(request.midi)
        if midi_sha256(request.midi_key) is None:
            raise _refused("midi_key", "midi_key is not `midi/<sha256>.mid`")
        return await self._store.get(request.midi_key)


def _wish(request: pb.RenderRequest) -> Wish:
    audio_format = _FORMATS.get(request.format)
    if audio_format is None:
        raise _refused("format", f"format {request.format} does not exist")
    given = {name: getattr(request, name) for name in _OPTIONS if request.HasField(name)}
    try:
        options = AudioOptions(
            **given,
            channels="mono" if request.mono else "stereo",
            soundfont=request.soundfont or None,
            instrument=list(request.instruments),
            trim=request.trim,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise _refused(str(first["loc"][0]), first["msg"]) from None
    return options.wish(audio_format, "request")


def _refused(field: str, message: str) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", fields=[FieldProblem(field, message, {})])
