"""Access to every operation of the OpenAPI document, so that new operations are covered."""

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe_library.app import create_app
from euterpe_library.settings import Settings
from euterpe_test_kit.issuer import TokenIssuer
from fastapi import FastAPI

Register = Callable[..., Awaitable[str]]

#: Operations that need no token for public data.
OPEN = {
    "get_song",
    "remix_song",
    "download_midi",
    "explore_songs",
    "explore_facets",
    "open_share",
    "download_shared_midi",
    "list_comments",
    "get_author",
    "get_playlist",
}
#: Operations that use a share token only.
SHARED = {"open_share", "download_shared_midi"}
#: Idempotent operations that succeed for a missing object.
IDEMPOTENT = {"unfollow_author"}
#: Operations that guests may not call, because others see the result.
REGISTERED = {
    "like_song",
    "unlike_song",
    "comment_on_song",
    "delete_comment",
    "report_comment",
    "follow_author",
    "unfollow_author",
    "create_playlist",
    "change_playlist",
    "delete_playlist",
    "put_playlist_songs",
    "add_playlist_song",
    "remove_playlist_song",
}
#: Operations on versions, profiles, notifications, moderation and webhooks: tests/e2e/test_authorisation.py tries them
#: with real versions, moderators and guests.
ELSEWHERE = {
    "add_webhook",
    "block_user",
    "change_webhook",
    "decide_reports",
    "delete_picture",
    "download_song_version",
    "edit_comment",
    "end_ban",
    "follow_notifications",
    "get_lineage",
    "get_notification_settings",
    "get_picture",
    "get_profile",
    "get_song_notes",
    "list_author_playlists",
    "list_bans",
    "list_blocked_users",
    "list_deliveries",
    "list_followers",
    "list_moderation_log",
    "list_notifications",
    "list_reported_comments",
    "list_song_versions",
    "list_webhooks",
    "preview_song_notes",
    "put_notification_settings",
    "put_picture",
    "put_profile",
    "read_all_notifications",
    "read_notification",
    "remove_webhook",
    "restore_song_version",
    "retry_dead_deliveries",
    "retry_delivery",
    "save_song_version",
    "test_webhook",
    "unblock_user",
    "unread_notification",
}
BODIES: dict[str, Any] = {
    "change_song": {"title": "Taken over"},
    "share_song": {"days": 1},
    "comment_on_song": {"text": "Hello"},
    "report_comment": {"reason": "spam"},
    "create_playlist": {"title": "Mine"},
    "change_playlist": {"title": "Taken over"},
    "put_playlist_songs": {"song_ids": []},
}


@pytest_asyncio.fixture
async def ids(client: httpx.AsyncClient, register: Register, token_issuer: TokenIssuer) -> dict[str, str]:
    """A private object of Clara's for every path parameter."""
    song_id = await register(owner_id="clara")
    clara = token_issuer.headers("clara")
    playlist = await client.post("/api/v1/library/playlists", json={"title": "Private"}, headers=clara)
    comment = await client.post(f"/api/v1/songs/{song_id}/comments", json={"text": "To myself"}, headers=clara)
    return {
        "song_id": song_id,
        "share_id": str(uuid.uuid4()),
        "token": "no-such-token",
        "comment_id": comment.json()["id"],
        "author_id": "clara",
        "playlist_id": playlist.json()["id"],
    }


def operations(app: FastAPI) -> list[tuple[str, str, str]]:
    paths = app.openapi()["paths"]
    found = [(item["operationId"], method, path) for path, of in paths.items() for method, item in of.items()]
    assert {name for name, _, _ in found} >= ELSEWHERE
    return [operation for operation in found if operation[0] not in ELSEWHERE]


async def call(
    client: httpx.AsyncClient, operation: tuple[str, str, str], ids: dict[str, str], headers: dict[str, str]
) -> httpx.Response:
    name, method, path = operation
    return await client.request(method, path.format(**ids), json=BODIES.get(name), headers=headers)


@pytest.fixture
def credentials(token_issuer: TokenIssuer) -> dict[str, str]:
    other_issuer = TokenIssuer()
    other_issuer.kid = token_issuer.kid
    other_key = other_issuer.access_token("clara")
    other_issuer.close()
    valid = token_issuer.access_token("clara")
    head, body, signature = valid.split(".")
    return {
        "not a bearer": f"Basic {valid}",
        "garbage": "Bearer garbage",
        "expired": f"Bearer {token_issuer.access_token('clara', exp=int(time.time()) - 1)}",
        "signed by another key": f"Bearer {other_key}",
        "tampered": f"Bearer {head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        "for another audience": f"Bearer {token_issuer.access_token('clara', aud='elsewhere')}",
        "a service's": f"Bearer {token_issuer.service_token('clara')}",
    }


async def test_an_invalid_token_is_401_for_every_operation(
    app: FastAPI, client: httpx.AsyncClient, ids: dict[str, str], credentials: dict[str, str]
) -> None:
    for operation in [each for each in operations(app) if each[0] not in SHARED]:
        for kind, value in credentials.items():
            answer = await call(client, operation, ids, {"Authorization": value})
            assert answer.status_code == 401, (operation, kind)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_anonymous_requests_reach_open_operations_only(
    app: FastAPI, client: httpx.AsyncClient, ids: dict[str, str]
) -> None:
    for operation in operations(app):
        answer = await call(client, operation, ids, {})
        if operation[0] in OPEN:
            assert answer.status_code == (404 if "{" in operation[2] else 200), operation
        else:
            assert answer.status_code == 401, operation


async def test_private_objects_of_others_look_like_missing_ones(
    app: FastAPI, client: httpx.AsyncClient, ids: dict[str, str], token_issuer: TokenIssuer
) -> None:
    robert = token_issuer.headers("robert")
    missing_ids = {name: str(uuid.uuid4()) for name in ids}
    tried = [operation for operation in operations(app) if "{" in operation[2] and operation[0] not in IDEMPOTENT]
    assert len(tried) >= 20
    for operation in tried:
        other = await call(client, operation, ids, robert)
        missing = await call(client, operation, missing_ids, robert)
        assert (other.status_code, missing.status_code) == (404, 404), operation
        hidden = {"instance", "request_id"}
        assert {k: v for k, v in other.json().items() if k not in hidden} == {
            k: v for k, v in missing.json().items() if k not in hidden
        }
    assert (await client.get("/api/v1/songs", headers=robert)).json()["items"] == []
    song = (await client.get(f"/api/v1/songs/{ids['song_id']}", headers=token_issuer.headers("clara"))).json()
    assert (song["title"], song["version"]) == ("Nocturne", 1)


async def test_a_guest_cannot_publish(
    app: FastAPI, client: httpx.AsyncClient, ids: dict[str, str], token_issuer: TokenIssuer
) -> None:
    guest = {"Authorization": f"Bearer {token_issuer.access_token('clara', guest=True)}"}
    for operation in operations(app):
        if operation[0] in REGISTERED:
            assert (await call(client, operation, ids, guest)).status_code == 403, operation
    publish = {"visibility": "public"}
    answer = await client.patch(f"/api/v1/songs/{ids['song_id']}", json=publish, headers=guest)
    assert answer.status_code == 403
    assert (await client.get("/api/v1/songs", headers=guest)).json()["items"][0]["visibility"] == "private"


async def test_an_api_key_needs_the_scope_of_the_operation(
    app: FastAPI, client: httpx.AsyncClient, ids: dict[str, str], token_issuer: TokenIssuer
) -> None:
    for operation in [each for each in operations(app) if each[0] not in SHARED]:
        needed = "songs:read" if operation[1] == "get" else "songs:write"
        for scope in ("", "generations:write", {"songs:read": "songs:write"}.get(needed, "songs:read")):
            token = token_issuer.access_token("clara", scope=scope)
            answer = await call(client, operation, ids, {"Authorization": f"Bearer {token}"})
            assert answer.status_code == 403, (operation, scope)
    readable = token_issuer.access_token("clara", scope="songs:read")
    answer = await client.get("/api/v1/songs", headers={"Authorization": f"Bearer {readable}"})
    assert answer.status_code == 200


def test_every_operation_documents_its_errors(settings: Settings) -> None:
    document = create_app(settings).openapi()
    names = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            names.add(operation["operationId"])
            assert operation["summary"], (method, path)
            assert {"403", "503"} <= set(operation["responses"]), (method, path)
            asks = "requestBody" in operation or operation.get("parameters")
            assert bool(asks) == ("422" in operation["responses"]), (method, path)
            shared = operation["operationId"] in SHARED | {"get_picture"}
            assert shared or "401" in operation["responses"], (method, path)
            assert shared or operation["security"], (method, path)
            if "{" in path and operation["operationId"] not in ELSEWHERE:
                assert "404" in operation["responses"], (method, path)
    assert names >= OPEN | REGISTERED | IDEMPOTENT | BODIES.keys()
