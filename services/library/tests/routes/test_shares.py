"""Share links: access, expiry, previews and secrecy of the token."""

import logging
import re
from html.parser import HTMLParser
from typing import Any

import grpc
import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe.library.v1.library_pb2_grpc import LibraryServiceStub
from euterpe_library.domain.share import MAX_SHARES
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI
from sqlalchemy import text

Register = Any


@pytest.fixture
def clara(token_issuer: TokenIssuer) -> dict[str, str]:
    return token_issuer.headers("clara", "Clara")


async def share(client: httpx.AsyncClient, song_id: str, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/songs/{song_id}/shares", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def resolve(
    library: LibraryServiceStub, peer: Any, song_id: str, token: str
) -> pb.ResolveArtifactResponse | None:
    request = pb.ResolveArtifactRequest(song_id=song_id, share_token=token)
    try:
        return await library.ResolveArtifact(request, metadata=peer)
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            raise
        return None


async def test_a_share_link_opens_a_private_song_and_counts_views(
    client: httpx.AsyncClient, library: LibraryServiceStub, peer: Any, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register(title="Secret")
    made = await share(client, song_id, clara, label="for Robert")
    opened = await client.get(made["url"])
    assert opened.json()["song"]["title"] == "Secret"
    assert (opened.headers["cache-control"], opened.headers["referrer-policy"]) == ("no-store", "no-referrer")
    await client.get(made["url"])
    midi = await client.get(opened.json()["song"]["midi_url"])
    assert midi.status_code == 200
    assert midi.content.startswith(b"MThd")
    found = await resolve(library, peer, song_id, made["token"])
    assert found is not None
    assert found.download_allowed
    listed = (await client.get(f"/api/v1/songs/{song_id}/shares", headers=clara)).json()["items"]
    assert [(item["label"], item["view_count"]) for item in listed] == [("for Robert", 2)]
    assert made["token"] not in str(listed)


async def test_a_link_for_listening_only_refuses_downloads(
    client: httpx.AsyncClient, library: LibraryServiceStub, peer: Any, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register()
    made = await share(client, song_id, clara, allow_download=False)
    assert (await client.get(made["url"])).json()["song"]["midi_url"] is None
    refused = await client.get(f"{made['url']}/midi")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/download-not-allowed")
    found = await resolve(library, peer, song_id, made["token"])
    assert found is not None
    assert not found.download_allowed


async def test_link_previews_escape_the_title(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    title = '"><script>alert(1)</script>{{env "HOME"}}'
    song_id = await register(title=title)
    made = await share(client, song_id, clara)
    answer = await client.get(f"{made['url']}/head", params={"origin": "https://euterpe.example:8443"})
    assert answer.headers["cache-control"] == "no-store"
    assert not {"<script", "{", "}"} & set(re.findall(r"<script|[{}]", answer.text))
    read = _Metas()
    read.feed(answer.text)
    assert read.found["og:title"] == title
    assert read.found["og:url"] == f"https://euterpe.example:8443/s/{made['token']}"
    assert read.found["og:image"].startswith(f"https://euterpe.example:8443/api/v1/pianorolls/{song_id}.png?card=true")
    assert made["token"] in read.found["og:image"]
    listed = (await client.get(f"/api/v1/songs/{song_id}/shares", headers=clara)).json()["items"]
    assert listed[0]["view_count"] == 0


@pytest.mark.parametrize(
    "origin", ["", "javascript:alert(1)", "https://a b", 'https://x"><script>', "https://x/{{.}}", "//x"]
)
async def test_link_previews_refuse_invalid_origins(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], origin: str
) -> None:
    made = await share(client, await register(), clara)
    assert (await client.get(f"{made['url']}/head", params={"origin": origin})).status_code == 422


async def test_an_unknown_link_has_no_preview(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/library/shared/nothing/head", params={"origin": "https://euterpe.example"})
    assert answer.status_code == 404


class _Metas(HTMLParser):
    """The contents of a page's `meta` elements by name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found[given.get("property") or ""] = given.get("content") or ""


async def test_a_link_opens_its_own_song_only(
    client: httpx.AsyncClient, library: LibraryServiceStub, peer: Any, register: Register, clara: dict[str, str]
) -> None:
    made = await share(client, await register(), clara)
    assert await resolve(library, peer, await register(), made["token"]) is None


@pytest.mark.parametrize("end", ["revoked", "expired", "deleted", "purged"])
async def test_an_ended_link_looks_like_an_unknown_one(
    app: FastAPI,
    client: httpx.AsyncClient,
    library: LibraryServiceStub,
    peer: Any,
    register: Register,
    clara: dict[str, str],
    end: str,
) -> None:
    song_id = await register()
    made = await share(client, song_id, clara, days=1)
    if end == "revoked":
        url = f"/api/v1/songs/{song_id}/shares/{made['id']}"
        assert (await client.delete(url, headers=clara)).status_code == 204
        assert (await client.delete(url, headers=clara)).status_code == 404
    elif end == "expired":
        async with app.state.database.sessions.begin() as session:
            await session.execute(text("UPDATE shares SET expires_at = now()"))
    else:
        await client.delete(f"/api/v1/songs/{song_id}", headers=clara)
        if end == "purged":
            async with app.state.database.sessions.begin() as session:
                await session.execute(text("UPDATE songs SET deleted_at = now() - interval '31 days'"))
            await app.state.erasure.sweep()
    for path in ("", "/midi"):
        answer = await client.get(made["url"] + path)
        unknown = await client.get("/api/v1/library/shared/no-such-token" + path)
        assert (answer.status_code, answer.json()["detail"]) == (404, unknown.json()["detail"])
    assert await resolve(library, peer, song_id, made["token"]) is None


async def test_the_token_is_neither_logged_nor_stored(
    app: FastAPI, client: httpx.AsyncClient, register: Register, clara: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    made = await share(client, await register(), clara)
    with caplog.at_level(logging.INFO):
        await client.get(made["url"])
        await client.get(f"{made['url']}/midi")
    assert "/api/v1/library/shared/{token}" in caplog.text
    assert made["token"] not in caplog.text
    async with app.state.database.sessions() as session:
        rows = await session.execute(text("SELECT to_jsonb(shares)::text FROM shares"))
        assert made["token"] not in "".join(rows.scalars())


async def test_the_number_of_links_per_song_is_limited(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str]
) -> None:
    song_id = await register()
    for _ in range(MAX_SHARES):
        await share(client, song_id, clara)
    refused = await client.post(f"/api/v1/songs/{song_id}/shares", json={}, headers=clara)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/limit-reached")


INVALID_LINKS = [
    ({"days": 0}, "body.days"),
    ({"days": 367}, "body.days"),
    ({"days": "7"}, "body.days"),
    ({"allow_download": "yes"}, "body.allow_download"),
    ({"label": "x" * 101}, "body.label"),
    ({"expires_at": "never"}, "body.expires_at"),
]


async def test_an_invalid_link_is_refused(
    client: httpx.AsyncClient, register: Register, clara: dict[str, str], subtests: pytest.Subtests
) -> None:
    url = f"/api/v1/songs/{await register()}/shares"
    for body, field in INVALID_LINKS:
        with subtests.test(body=body, field=field):
            answer = await client.post(url, json=body, headers=clara)
            assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
            assert (await client.get(url, headers=clara)).json()["items"] == []
