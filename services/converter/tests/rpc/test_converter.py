"""Audio for peers."""

import hashlib
import os
import struct

import grpc
import pytest
import pytest_asyncio
from euterpe.converter.v1 import converter_pb2 as pb
from euterpe.converter.v1.converter_pb2_grpc import ConverterServiceStub
from euterpe_converter.app import create_app


@pytest_asyncio.fixture(scope="module")
async def stub(make_settings):
    app = create_app(make_settings(grpc_port=0))
    async with (
        app.router.lifespan_context(app),
        grpc.aio.insecure_channel(f"127.0.0.1:{app.state.grpc_port}") as channel,
    ):
        yield ConverterServiceStub(channel)


@pytest.fixture
def render(stub, token_issuer):
    async def call(token: str | None = None, **request) -> tuple[pb.RenditionInfo, bytes]:
        metadata = [("authorization", f"Bearer {token or token_issuer.service_token()}")]
        parts = [part async for part in stub.Render(pb.RenderRequest(**request), metadata=metadata)]
        assert parts[0].WhichOneof("part") == "info"
        return parts[0].info, b"".join(part.data for part in parts[1:])

    return call


async def test_a_file_is_rendered_and_told_of_first(render, make_midi, decode):
    info, audio = await render(midi=make_midi(3), title="Étude", seed=42)
    assert (info.content_type, info.duration_seconds, info.size_bytes) == ("audio/mpeg", 5.0, len(audio))
    assert decode(audio).seconds == pytest.approx(5.0, abs=0.06)
    assert b"SEED\x0042" in audio[:300]
    assert "Étude".encode() in audio[:300]


async def test_a_stored_file_is_named_by_its_key(render, make_midi, object_store, decode):
    midi = make_midi(2)
    key = f"midi/{hashlib.sha256(midi).hexdigest()}.mid"
    await object_store.put(key, midi, content_type="audio/midi")
    info, audio = await render(midi_key=key, format=pb.AUDIO_FORMAT_FLAC, instruments=["violin"], loudness=-23)
    assert not info.HasField("size_bytes")
    assert decode(audio).rms(0, 2) > 100


async def test_all_options_of_the_http_api_are_understood(render, make_midi, decode):
    """Each decides what is heard or written; the numbers are those of the files' own headers."""
    midi = make_midi(2)
    _, wav = await render(
        midi=midi, format=pb.AUDIO_FORMAT_WAV, sample_rate=22_050, mono=True, bit_depth=24, tail=1.5, fade=1
    )
    assert struct.unpack("<HI", wav[22:28]) == (1, 22_050)
    assert struct.unpack("<H", wav[34:36]) == (24,)
    assert len(wav) - wav.index(b"data") - 8 == round(3.5 * 22_050) * 3
    _, mp3 = await render(midi=midi, bitrate=320)
    _, loud = await render(midi=midi, bitrate=320, gain=1.6)
    _, dry = await render(midi=midi, bitrate=320, reverb=0, chorus=0)
    assert len(mp3) == pytest.approx(4 * 40_000, rel=0.03)
    assert decode(loud).rms(0, 2) > 1.5 * decode(mp3).rms(0, 2)
    # Without reverb, less is left when the notes have ended.
    assert decode(dry).rms(2.5, 3.5) < 0.7 * decode(mp3).rms(2.5, 3.5)
    info, variable = await render(midi=midi, vbr=4, trim=True)
    assert not info.HasField("size_bytes")
    assert decode(variable).seconds < 4


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"midi": b"nothing"}, "midi: the file is not MIDI"),
        ({"midi_key": "models/secret"}, "midi_key"),
        ({"midi": b"x", "loudness": 3}, "loudness: Input should be less than or equal to -5"),
        ({"midi": b"x", "gain": float("nan")}, "gain: Input should be a finite number"),
        ({"midi": b"x", "soundfont": "s" * 101}, "soundfont"),
        ({"midi": b"x", "bit_depth": 24}, "request.bit_depth: only wav and flac"),
        ({"midi": b"x", "format": pb.AUDIO_FORMAT_WAV, "sample_rate": 44_101}, "request.sample_rate"),
        ({"midi": b"x", "instruments": ["kazoo"]}, "kazoo"),
        ({"midi": b"x", "format": 77}, "format"),
    ],
)
async def test_what_is_wrong_is_named(render, request_, words):
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await render(**request_)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert words in (refusal.value.details() or "")


async def test_only_peers_are_served(render, make_midi, token_issuer):
    for token in ("forged", token_issuer.access_token("alice")):
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await render(token, midi=make_midi())
        assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_sound_is_streamed_and_ends_with_its_caller(stub, make_midi, token_issuer, renders, eventually):
    metadata = [("authorization", f"Bearer {token_issuer.service_token()}")]
    call = stub.Render(pb.RenderRequest(midi=make_midi(1100, 40), format=pb.AUDIO_FORMAT_WAV), metadata=metadata)
    parts = [await call.read() for _ in range(3)]
    assert parts[1].data.startswith(b"RIFF")
    assert renders(os.getpid())
    call.cancel()
    await eventually(lambda: renders(os.getpid()) == [])
