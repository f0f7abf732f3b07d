"""The gRPC contract: registration is idempotent, and objects are resolved for users who may read the song."""

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
RegisterOne = Any


async def listed(client: httpx.AsyncClient, issuer: TokenIssuer, owner: str = "clara") -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/songs", headers=issuer.headers(owner))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_fifty_concurrent_registrations_create_one_song(
    register_one: RegisterOne,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request(source_id="generation-1")
    answers = await asyncio.gather(*(register_one(request) for _ in range(50)))
    assert len({answer.song_id for answer in answers}) == 1
    assert [answer.created for answer in answers].count(True) == 1
    assert [song["id"] for song in await listed(client, token_issuer)] == [answers[0].song_id]


async def test_a_repeated_registration_changes_nothing(
    register_one: RegisterOne,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    first = await register_one(make_request(source_id="generation-1"))
    headers = token_issuer.headers("clara")
    await client.patch(f"/api/v1/songs/{first.song_id}", json={"title": "Renamed"}, headers=headers)
    again = await register_one(make_request(source_id="generation-1"))
    assert (again.song_id, again.created) == (first.song_id, False)
    assert [song["title"] for song in await listed(client, token_issuer)] == ["Renamed"]


async def test_default_titles_are_numbered_within_a_library(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    def request(number: int, title: str = "Jig in D", **fields: Any) -> pb.RegisterSongRequest:
        return make_request(source_id=f"generation-{number}", **{"title": title, "title_language": "en", **fields})

    await asyncio.gather(*(register_one(request(number)) for number in range(10)))
    batch = [request(10), request(11, "Jiga en re", title_language="es"), request(12), request(0), request(13, "Reel")]
    await library.RegisterSongs(pb.RegisterSongsRequest(songs=batch), metadata=peer)
    chosen = make_request(source_id="generation-14", title="Jig in D")
    for one in (chosen, request(3), request(15, "Waltz", title_language="xx"), request(16, owner_id="ben")):
        await register_one(one)
    titles = [song["title"] for song in await listed(client, token_issuer)]
    numbered = [f"Jig in D, no. {number}" for number in range(1, 13)]
    assert sorted(titles) == sorted([*numbered, "Jiga en re, n.º 1", "Reel, no. 1", "Jig in D", "Waltz"])
    assert [song["title"] for song in await listed(client, token_issuer, "ben")] == ["Jig in D, no. 1"]


async def test_a_registered_song_in_a_batch_uses_no_number(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    """A batch is repeated together with new songs when its call times out after the commit."""
    songs = [make_request(source_id=f"g-{number}", title="Reel", title_language="en") for number in range(3)]
    await register_one(songs[0])
    await library.RegisterSongs(pb.RegisterSongsRequest(songs=songs[:2]), metadata=peer)
    await register_one(songs[2])
    titles = [song["title"] for song in await listed(client, token_issuer)]
    assert sorted(titles) == ["Reel, no. 1", "Reel, no. 2", "Reel, no. 3"]


@pytest.mark.parametrize(
    ("language", "requested"), [("en", {"language": "en"}), ("es", {"language": "es"}), ("", {"title": "Jig in D"})]
)
async def test_composing_again_asks_for_the_next_number_of_a_default_title(
    client: httpx.AsyncClient,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
    language: str,
    requested: dict[str, str],
) -> None:
    song = await register_one(make_request(source_id="g-1", title="Jig in D", title_language=language))
    answer = await client.get(f"/api/v1/songs/{song.song_id}/remix", headers=token_issuer.headers("clara"))
    body = answer.json()["body"]
    assert {name: body[name] for name in ("title", "language") if body.get(name)} == requested


async def test_numbers_of_titles_follow_their_songs_to_another_account(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    auth_peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    for number in range(3):
        await register_one(make_request(source_id=f"g-{number}", title="Reel", title_language="en"))
    transfer = pb.TransferSongsRequest(from_listener_id="clara", to_listener_id="ben", author="Ben")
    await library.TransferSongs(transfer, metadata=auth_peer)
    await register_one(make_request(source_id="g-3", owner_id="ben", title="Reel", title_language="en"))
    titles = [song["title"] for song in await listed(client, token_issuer, "ben")]
    assert sorted(titles) == [f"Reel, no. {number}" for number in range(1, 5)]


async def test_the_meter_is_stored(
    register_one: RegisterOne, client: httpx.AsyncClient, make_request: MakeRequest, token_issuer: TokenIssuer
) -> None:
    await register_one(make_request(source_id="a", meter="6/8"))
    await register_one(make_request(source_id="b"))
    assert [song["meter"] for song in await listed(client, token_issuer)] == [None, "6/8"]


async def test_a_crash_before_the_commit_leaves_nothing_and_a_retry_succeeds(
    app: FastAPI,
    register_one: RegisterOne,
    client: httpx.AsyncClient,
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
    assert (await register_one(request)).created


async def test_calls_cancelled_at_any_moment_and_a_retry_create_one_song(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()
    for milliseconds in range(12):
        call = library.RegisterSongs(pb.RegisterSongsRequest(songs=[request]), metadata=peer)
        await asyncio.sleep(milliseconds / 1000)
        call.cancel()
    answer = await register_one(request)
    assert [song["id"] for song in await listed(client, token_issuer)] == [answer.song_id]


async def test_a_late_retry_does_not_restore_a_deleted_song(
    register_one: RegisterOne,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()
    first = await register_one(request)
    await client.delete(f"/api/v1/songs/{first.song_id}", headers=token_issuer.headers("clara"))
    again = await register_one(request)
    assert (again.song_id, again.created) == (first.song_id, False)
    assert await listed(client, token_issuer) == []


def _struct(**values: Any) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


_SHA = "0" * 64


INVALID_REQUESTS = [
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
]


async def test_an_invalid_field_is_named_and_nothing_is_registered(
    register_one: RegisterOne,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
    subtests: pytest.Subtests,
) -> None:
    for changes, field in INVALID_REQUESTS:
        with subtests.test(changes=changes, field=field):
            refused = await register_one(make_request(**changes))
            assert f"{field}: " in refused.refusal
            assert (refused.song_id, refused.retry) == ("", False)
            assert await listed(client, token_issuer) == []


@pytest.mark.parametrize(
    ("given", "kept"), [("", "Untitled"), ("\u200b", "Untitled"), ("two\nlines\x00", "two lines"), (" Dawn ", "Dawn")]
)
async def test_an_invalid_title_is_normalised(
    register_one: RegisterOne,
    client: httpx.AsyncClient,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
    given: str,
    kept: str,
) -> None:
    await register_one(make_request(title=given))
    assert [song["title"] for song in await listed(client, token_issuer)] == [kept]


async def test_resolving_a_private_song_works_for_its_owner_only(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    request = make_request()
    song_id = (await register_one(request)).song_id
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
        creation=request.creation,
    )
    assert found.seed
    for listener in ("robert", ""):
        asked = pb.ResolveArtifactRequest(song_id=song_id, listener_id=listener)
        error = await refusal(library.ResolveArtifact(asked, metadata=peer))
        assert error.code() == grpc.StatusCode.NOT_FOUND, listener
    await client.delete(f"/api/v1/songs/{song_id}", headers=token_issuer.headers("clara"))
    asked = pb.ResolveArtifactRequest(song_id=song_id, listener_id="clara")
    assert (await refusal(library.ResolveArtifact(asked, metadata=peer))).code() == grpc.StatusCode.NOT_FOUND


async def test_an_id_that_is_not_a_uuid_is_invalid_argument(library: LibraryServiceStub, peer: Metadata) -> None:
    error = await refusal(library.ResolveArtifact(pb.ResolveArtifactRequest(song_id="seven"), metadata=peer))
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "song_id: Must be a UUID")


async def test_every_method_needs_a_service_token(
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
            (library.RegisterSongs, pb.RegisterSongsRequest(songs=[make_request()])),
            (library.ResolveArtifact, pb.ResolveArtifactRequest(song_id="seven", listener_id="clara")),
            (library.TransferSongs, pb.TransferSongsRequest(from_listener_id="clara", to_listener_id="robert")),
            (library.DeleteListener, pb.DeleteListenerRequest(listener_id="clara")),
        ]:
            error = await refusal(call(request, metadata=metadata))
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED, metadata
    assert await listed(client, token_issuer) == []


async def test_health_checks_need_no_token(app: FastAPI, client: httpx.AsyncClient) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{app.state.grpc_port}") as channel:
        answer = await HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_batch_registers_valid_songs_and_reports_refused_ones(
    library: LibraryServiceStub,
    client: httpx.AsyncClient,
    peer: Metadata,
    auth_peer: Metadata,
    register_one: RegisterOne,
    make_request: MakeRequest,
    token_issuer: TokenIssuer,
) -> None:
    await library.DeleteListener(pb.DeleteListenerRequest(listener_id="gone"), metadata=auth_peer)
    known = await register_one(make_request(source_id="known"))
    batch = [
        make_request(source_id="first", title="First"),
        make_request(source_id="known"),
        make_request(source_id="late", owner_id="gone"),
        make_request(source_id="wrong", note_count=-1),
        make_request(source_id="first", title="First"),
    ]
    answer = await library.RegisterSongs(pb.RegisterSongsRequest(songs=batch), metadata=peer)
    first, again, late, wrong, duplicate = answer.songs
    assert (first.created, duplicate.created, again.created) == (True, False, False)
    assert (duplicate.song_id, again.song_id) == (first.song_id, known.song_id)
    assert "deleted" in late.refusal
    assert "note_count" in wrong.refusal
    assert not any((late.song_id, wrong.song_id, late.retry, wrong.retry))
    assert {song["id"] for song in await listed(client, token_issuer)} == {first.song_id, known.song_id}


async def test_concurrent_batches_in_different_orders_create_each_song_once(
    library: LibraryServiceStub, peer: Metadata, make_request: MakeRequest
) -> None:
    songs = [make_request(source_id=f"generation-{number}") for number in range(30)]
    orders = [songs, songs[::-1]] * 4
    calls = [library.RegisterSongs(pb.RegisterSongsRequest(songs=order), metadata=peer) for order in orders]
    answers = await asyncio.gather(*calls)
    assert sum(song.created for answer in answers for song in answer.songs) == 30
    assert len({song.song_id for answer in answers for song in answer.songs}) == 30


async def test_a_batch_over_the_limit_is_refused(
    library: LibraryServiceStub, peer: Metadata, make_request: MakeRequest
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await library.RegisterSongs(pb.RegisterSongsRequest(songs=[make_request()] * 101), metadata=peer)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
