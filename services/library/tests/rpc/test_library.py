"""The contract with peers: registration happens once, and artifacts are found for those who may read them."""

import asyncio
import time
from typing import Any

import grpc
import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_library.rpc import parsing
from euterpe_library.services import registration
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from google.protobuf.struct_pb2 import Struct
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

Metadata = list[tuple[str, str]]
MakeRequest = Any


async def listed(client: httpx.AsyncClient, issuer: TokenIssuer, owner: str = "clara") -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/songs", headers=issuer.headers(owner))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_fifty_calls_at_once_make_one_song(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request(source_id="generation-1")
    answers = await asyncio.gather(*(library.RegisterSong(request, metadata=peer) for _ in range(50)))
    assert len({answer.song_id for answer in answers}) == 1
    assert [answer.created for answer in answers].count(True) == 1
    assert [song["id"] for song in await listed(client, token_issuer)] == [answers[0].song_id]


async def test_a_repetition_changes_nothing(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    first = await library.RegisterSong(make_request(source_id="generation-1"), metadata=peer)
    headers = token_issuer.headers("clara")
    await client.patch(f"/api/v1/songs/{first.song_id}", json={"title": "Renamed"}, headers=headers)
    again = await library.RegisterSong(make_request(source_id="generation-1"), metadata=peer)
    assert (again.song_id, again.created) == (first.song_id, False)
    assert [song["title"] for song in await listed(client, token_issuer)] == ["Renamed"]


async def test_a_crash_before_the_commit_leaves_nothing_and_the_retry_succeeds(
    app: FastAPI,
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()

    async def crash() -> None:
        async with app.state.database.sessions.begin() as session:
            await registration.register(session, app.state.object_store, parsing.new_song(request))
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await crash()
    assert await listed(client, token_issuer) == []
    assert (await library.RegisterSong(request, metadata=peer)).created


async def test_callers_that_hang_up_at_any_moment_and_retry_make_one_song(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()
    for milliseconds in range(12):
        call = library.RegisterSong(request, metadata=peer)
        await asyncio.sleep(milliseconds / 1000)
        call.cancel()
    answer = await library.RegisterSong(request, metadata=peer)
    assert [song["id"] for song in await listed(client, token_issuer)] == [answer.song_id]


async def test_a_late_retry_does_not_bring_a_deleted_song_back(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()
    first = await library.RegisterSong(request, metadata=peer)
    await client.delete(f"/api/v1/songs/{first.song_id}", headers=token_issuer.headers("clara"))
    again = await library.RegisterSong(request, metadata=peer)
    assert (again.song_id, again.created) == (first.song_id, False)
    assert await listed(client, token_issuer) == []


def _struct(**values: Any) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


_SHA = "0" * 64


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source_id": ""}, "source_id"),
        ({"source_id": "x" * 201}, "source_id"),
        ({"owner_id": ""}, "owner_id"),
        ({"owner_id": "a\x00b"}, "owner_id"),
        ({"title": "x" * 201}, "title"),
        ({"author": "x" * 201}, "author"),
        ({"midi": None}, "midi.sha256"),
        ({"midi": pb.MidiArtifact(key=f"models/{_SHA}.mid", sha256=_SHA, size_bytes=9)}, "midi.key"),
        ({"midi": pb.MidiArtifact(key="midi/x.mid", sha256="x", size_bytes=9)}, "midi.sha256"),
        ({"midi": pb.MidiArtifact(key=f"midi/{_SHA}.mid", sha256=_SHA, size_bytes=0)}, "midi.size_bytes"),
        ({"creation": pb.Creation(model="", model_version="1", seed=1)}, "creation.model"),
        ({"creation": pb.Creation(model="m", model_version="1", seed=2**53)}, "creation.seed"),
        (
            {"creation": pb.Creation(model="m", model_version="1", parameters=_struct(a=float("nan")))},
            "creation.parameters",
        ),
        ({"creation": pb.Creation(model="m", model_version="1", parameters=_struct(a="\x00"))}, "creation.parameters"),
        (
            {"creation": pb.Creation(model="m", model_version="1", parameters=_struct(a="x" * 20_000))},
            "creation.parameters",
        ),
        ({"duration_seconds": -1.0}, "duration_seconds"),
        ({"duration_seconds": float("inf")}, "duration_seconds"),
        ({"note_count": -1}, "note_count"),
        ({"measures": {"scale_score": float("nan")}}, "measures.scale_score"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
    changes: dict[str, Any],
    field: str,
) -> None:
    error = await refusal(library.RegisterSong(make_request(**changes), metadata=peer))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert f"{field}: " in (error.details() or "")
    assert await listed(client, token_issuer) == []


@pytest.mark.parametrize(
    ("given", "kept"), [("", "Untitled"), ("\u200b", "Untitled"), ("two\nlines\x00", "two lines"), (" Dawn ", "Dawn")]
)
async def test_a_piece_is_not_lost_over_an_untidy_title(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
    given: str,
    kept: str,
) -> None:
    await library.RegisterSong(make_request(title=given), metadata=peer)
    assert [song["title"] for song in await listed(client, token_issuer)] == [kept]


async def test_resolving_finds_the_object_for_its_owner_only(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()
    song_id = (await library.RegisterSong(request, metadata=peer)).song_id
    found = await library.ResolveArtifact(
        pb.ResolveArtifactRequest(song_id=song_id, listener_id="clara"), metadata=peer
    )
    assert found == pb.ResolveArtifactResponse(
        midi=request.midi,
        title="Nocturne",
        author="Clara",
        duration_seconds=12.5,
        download_allowed=True,
        seed=request.creation.seed,
    )
    assert found.seed
    for listener in ("robert", ""):
        asked = pb.ResolveArtifactRequest(song_id=song_id, listener_id=listener)
        error = await refusal(library.ResolveArtifact(asked, metadata=peer))
        assert error.code() == grpc.StatusCode.NOT_FOUND, listener
    await client.delete(f"/api/v1/songs/{song_id}", headers=token_issuer.headers("clara"))
    asked = pb.ResolveArtifactRequest(song_id=song_id, listener_id="clara")
    assert (await refusal(library.ResolveArtifact(asked, metadata=peer))).code() == grpc.StatusCode.NOT_FOUND


async def test_an_id_that_is_no_uuid_is_the_callers_mistake(library: LibraryServiceStub, peer: Metadata) -> None:
    error = await refusal(library.ResolveArtifact(pb.ResolveArtifactRequest(song_id="seven"), metadata=peer))
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "song_id: Must be a UUID")


async def test_without_a_service_token_no_call_is_served(
    library: LibraryServiceStub, client: httpx.AsyncClient, make_request: MakeRequest, token_issuer: TokenIssuer
) -> None:
    wrong = [
        None,
        [("authorization", "Bearer garbage")],
        [("authorization", f"Bearer {token_issuer.access_token('clara')}")],
        [("authorization", f"Bearer {token_issuer.service_token(exp=int(time.time()) - 1)}")],
        [("authorization", f"Bearer {token_issuer.service_token(aud='euterpe-api')}")],
    ]
    for metadata in wrong:
        for call, request in [
            (library.RegisterSong, make_request()),
            (library.ResolveArtifact, pb.ResolveArtifactRequest(song_id="seven", listener_id="clara")),
            (library.TransferSongs, pb.TransferSongsRequest(from_listener_id="clara", to_listener_id="robert")),
            (library.DeleteListener, pb.DeleteListenerRequest(listener_id="clara")),
        ]:
            error = await refusal(call(request, metadata=metadata))
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED, metadata
    assert await listed(client, token_issuer) == []


async def test_health_is_open_to_probes(app: FastAPI, client: httpx.AsyncClient) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{app.state.grpc_port}") as channel:
        answer = await HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_batch_keeps_what_it_can_and_says_what_it_refuses(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    await library.DeleteListener(pb.DeleteListenerRequest(listener_id="gone"), metadata=peer)
    known = await library.RegisterSong(make_request(source_id="known"), metadata=peer)
    batch = [
        make_request(source_id="first", title="First"),
        make_request(source_id="known"),
        make_request(source_id="late", owner_id="gone"),
        make_request(source_id="wrong", note_count=-1),
        make_request(source_id="first", title="First"),
    ]
    answer = await library.RegisterSongs(pb.RegisterSongsRequest(songs=batch), metadata=peer)
    first, again, late, wrong, twin = answer.songs
    assert (first.created, twin.created, again.created) == (True, False, False)
    assert (twin.song_id, again.song_id) == (first.song_id, known.song_id)
    assert "deleted" in late.refusal
    assert "note_count" in wrong.refusal
    assert not any((late.song_id, wrong.song_id, late.retry, wrong.retry))
    assert {song["id"] for song in await listed(client, token_issuer)} == {first.song_id, known.song_id}


async def test_two_batches_of_the_same_songs_in_other_orders_make_each_once(
    library: LibraryServiceStub, peer: Metadata, make_request: MakeRequest
) -> None:
    songs = [make_request(source_id=f"generation-{number}") for number in range(30)]
    orders = [songs, songs[::-1]] * 4
    calls = [library.RegisterSongs(pb.RegisterSongsRequest(songs=order), metadata=peer) for order in orders]
    answers = await asyncio.gather(*calls)
    assert sum(song.created for answer in answers for song in answer.songs) == 30
    assert len({song.song_id for answer in answers for song in answer.songs}) == 30


async def test_a_batch_has_its_limit(library: LibraryServiceStub, peer: Metadata, make_request: MakeRequest) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await library.RegisterSongs(pb.RegisterSongsRequest(songs=[make_request()] * 101), metadata=peer)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
