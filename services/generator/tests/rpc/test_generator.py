"""The contract for peers, over a real channel."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import numpy as np
import pytest
from euterpe.generator.v1 import generator_pb2 as pb
from euterpe.generator.v1.generator_pb2_grpc import GeneratorServiceStub
from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_service_kit.object_store import ObjectStore
from euterpe_stack.ports import free_port
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from euterpe_test_kit.melodies import melody_bundle
from google.protobuf.struct_pb2 import Struct
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc


@pytest.fixture
async def target(settings: Settings) -> AsyncIterator[str]:
    port = free_port()
    async with running_client(create_app(settings.model_copy(update={"grpc_port": port}))):
        yield f"127.0.0.1:{port}"


async def test_a_peer_s_piece_is_streamed_to_its_end(target: str, token_issuer: TokenIssuer) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        call = GeneratorServiceStub(channel).Generate(
            pb.GenerateRequest(seed=3, length=20, title="For a peer"),
            metadata=[("authorization", f"Bearer {token_issuer.service_token()}")],
        )
        states = [response async for response in call]
    assert states[-1].status == pb.GENERATION_STATUS_SUCCEEDED
    assert states[-1].midi_key.startswith("midi/")
    assert states[-1].progress == 1.0


async def test_wrong_parameters_are_named(target: str, token_issuer: TokenIssuer) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        call = GeneratorServiceStub(channel).Generate(
            pb.GenerateRequest(length=10_000_000),
            metadata=[("authorization", f"Bearer {token_issuer.service_token()}")],
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [response async for response in call]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "length" in str(caught.value.details())


async def test_a_beginning_is_taken_as_over_http(
    settings: Settings, token_issuer: TokenIssuer, tmp_path: Path, library: Any
) -> None:
    melody_bundle(tmp_path, name="steps")
    scale = Piece(480, make_notes(np.arange(16) * 240, 240, np.tile([60, 62, 64, 65], 4), 90), (Track(program=0),))
    port = free_port()
    changed = settings.model_copy(update={"grpc_port": port, "models_url": str(tmp_path), "default_model": "steps"})
    metadata = [("authorization", f"Bearer {token_issuer.service_token()}")]
    async with running_client(create_app(changed)), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = GeneratorServiceStub(channel)

        async def ended(prompt: pb.Prompt) -> pb.GenerateResponse:
            wish = pb.GenerateRequest(model="steps", seed=3, prompt=prompt, parameters=Struct())
            wish.parameters.update({"bars": 4, "accompaniment": "off"})
            return [state async for state in stub.Generate(wish, metadata=metadata)][-1]

        last = await ended(pb.Prompt(midi=write_midi(scale), bars=1))
        assert last.status == pb.GENERATION_STATUS_SUCCEEDED
        store = ObjectStore(changed.s3, threads=1)
        notes = read_midi(await store.get(last.midi_key)).notes
        store.close()
        assert notes["pitch"][:8].tolist() == scale.notes["pitch"][:8].tolist()
        for prompt, told in (
            (pb.Prompt(), "midi or song_id"),
            (pb.Prompt(midi=b"MThd"), "prompt"),
            (pb.Prompt(midi=write_midi(scale), bars=0), "prompt.bars"),
            (pb.Prompt(song_id="7"), "prompt.song_id"),
            (pb.Prompt(song_id=str(UUID(int=7))), "prompt.song_id"),
        ):
            with pytest.raises(grpc.aio.AioRpcError, match=told) as caught:
                await ended(prompt)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_models_are_listed_with_their_limits(target: str, token_issuer: TokenIssuer) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        answer = await GeneratorServiceStub(channel).ListModels(
            pb.ListModelsRequest(), metadata=[("authorization", f"Bearer {token_issuer.service_token()}")]
        )
    [model] = answer.models
    assert model.name == "tiny"
    assert model.parameters["length"]["maximum"] > model.parameters["length"]["minimum"]


@pytest.mark.parametrize("kind", ["none", "listener"])
async def test_only_services_are_let_in(target: str, token_issuer: TokenIssuer, kind: str) -> None:
    metadata = [("authorization", f"Bearer {token_issuer.access_token('anna')}")] if kind == "listener" else []
    async with grpc.aio.insecure_channel(target) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await GeneratorServiceStub(channel).ListModels(pb.ListModelsRequest(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_tools_can_ask_what_is_served_and_whether_it_serves(target: str) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        )
        names = {service.name for answer in [response async for response in call]
                 for service in answer.list_services_response.service}  # fmt: skip
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert "euterpe.generator.v1.GeneratorService" in names


async def test_a_listener_s_pieces_change_hands_and_go(target: str, token_issuer: TokenIssuer) -> None:
    metadata = [("authorization", f"Bearer {token_issuer.service_token()}")]
    async with grpc.aio.insecure_channel(target) as channel:
        stub = GeneratorServiceStub(channel)
        wish = pb.GenerateRequest(seed=3, length=20, listener_id="guest", listener_name="Guest")
        _ = [response async for response in stub.Generate(wish, metadata=metadata)]
        names = {"from_listener_id": "guest", "to_listener_id": "anna", "to_listener_name": "Anna"}
        for expected in (1, 0):
            moved = await stub.TransferGenerations(pb.TransferGenerationsRequest(**names), metadata=metadata)
            assert (moved.generations, moved.done) == (expected, True)
        for expected in (1, 0):
            removed = await stub.DeleteListener(pb.DeleteListenerRequest(listener_id="anna"), metadata=metadata)
            assert (removed.generations, removed.done) == (expected, True)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DeleteListener(pb.DeleteListenerRequest(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
