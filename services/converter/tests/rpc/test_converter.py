"""Audio for peers."""

import hashlib

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


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"midi": b"nothing"}, "midi: the file is not MIDI"),
        ({"midi_key": "models/secret"}, "midi_key"),
        ({"midi": b"x", "loudness": 3}, "-40 to -5"),
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
