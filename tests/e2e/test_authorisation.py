"""Every operation of the published document × every kind of caller, with real tokens on the running product.

A new operation must be added to POLICY. These tests cover authorisation only: who may call an operation, and to whom
the private resources of an owner appear missing.
"""

import asyncio
import base64
import json
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from euterpe_auth.domain.clock import utc_now
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_service_kit.database import Database

pytestmark = pytest.mark.e2e

#: Without credentials; tokens are ignored.
OPEN = {
    "create_token", "create_guest", "refresh_token", "log_out", "exchange_api_key", "read_jwks", "open_share",
    "download_shared_midi", "get_picture", "get_login_options", "verify_email", "request_recovery", "complete_recovery",
    "recover_with_code", "begin_passkey_login", "log_in_with_passkey", "get_registration_challenge",
    "end_digests", "begin_provider_login", "complete_provider_login", "log_in_with_provider",
    "list_models", "get_model", "get_model_sample", "list_soundfonts", "interpret_piece_description",
    "create_listening_pair", "get_listening_pair", "get_listening_midi", "answer_listening_pair",
}  # fmt: skip
#: With or without a login; a given token must be valid.
OPTIONAL = {
    "register_with_provider",
    "register_user", "get_song", "remix_song", "download_midi", "explore_songs", "explore_facets", "list_comments",
    "get_author", "get_playlist", "create_generation", "get_generation", "cancel_generation", "follow_generation",
    "get_generation_midi", "get_generation_pianoroll", "create_comparison", "get_comparison", "get_song_audio",
    "get_song_pianoroll", "get_song_score", "download_song_stems",
    "convert_midi", "get_song_notes", "preview_song_notes", "get_lineage",
    "list_author_playlists", "list_followers",
}  # fmt: skip
#: With a login, including guests.
USER = {
    "read_me", "list_songs", "list_song_facets", "list_deleted_songs", "change_song", "delete_song", "restore_song",
    "share_song", "list_shares", "revoke_share",
    "list_liked_songs", "list_playlists", "list_followed_authors", "import_song",
    "download_original", "export_library", "export_generations", "prepare_song_audio",
    "get_library_usage", "get_pieces_usage", "get_audio_usage",
    "list_notifications", "follow_notifications", "read_all_notifications", "read_notification",
    "unread_notification", "list_blocked_users",
    "list_song_versions", "save_song_version", "restore_song_version", "download_song_version",
}  # fmt: skip
#: With the login of a registered user.
ACCOUNT = {
    "like_song", "unlike_song", "comment_on_song", "delete_comment", "report_comment",
    "follow_author", "unfollow_author", "create_playlist", "change_playlist", "delete_playlist",
    "put_playlist_songs", "add_playlist_song", "remove_playlist_song", "edit_comment", "block_user", "unblock_user",
    "get_notification_settings", "put_notification_settings", "get_profile", "put_profile", "put_picture",
    "delete_picture", "add_webhook", "list_webhooks", "change_webhook", "remove_webhook", "test_webhook",
    "list_deliveries", "retry_delivery", "retry_dead_deliveries",
}  # fmt: skip
#: With the login of a moderator; everyone else is refused, whether or not the thing exists.
MODERATOR = {"list_reported_comments", "decide_reports", "list_bans", "end_ban", "list_moderation_log"}
#: With the login of a registered user; API keys are refused regardless of their scopes.
LOGIN = {
    "change_password", "delete_account", "claim_guest", "list_security_events", "list_sessions", "revoke_session",
    "export_account", "get_credentials", "change_email", "remove_email", "reauthenticate",
    "create_recovery_codes", "create_totp", "enable_totp", "disable_totp",
    "begin_passkey", "add_passkey", "list_passkeys", "rename_passkey", "remove_passkey",
    "reauthenticate_with_passkey", "begin_provider_confirmation", "link_provider", "unlink_provider",
    "reauthenticate_with_provider",
    "log_out_everywhere", "create_api_key", "list_api_keys", "revoke_api_key",
}  # fmt: skip
POLICY = OPEN | OPTIONAL | USER | ACCOUNT | MODERATOR | LOGIN
#: Operations on public names, which reveal no private resource.
_NO_THING = {
    "unfollow_author",
    "follow_author",
    "get_author",
    "list_author_playlists",
    "list_followers",
    "block_user",
    "unblock_user",
    "get_model",
    "get_model_sample",
    "open_share",
    "download_shared_midi",
}
#: Operations that delete or revoke run last, and those that end the account at the very end.
_LAST = [
    "delete_playlist", "delete_comment", "revoke_share", "revoke_api_key", "revoke_session", "delete_song",
    "restore_song", "change_password", "delete_account", "log_out_everywhere",
]  # fmt: skip
_COMPARISON = {"length": 16, "variants": [{"label": "one", "parameters": {}}, {"label": "two", "parameters": {}}]}
_NOTES = {"base_number": 1, "tracks": [{"program": 0}], "notes": [[0, 480, 60, 80, 0]]}
PASSWORD = "Davidsbündlertänze op. 6"


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str


@dataclass
class World:
    """The running product, an owner with one private resource of each kind, and the tokens of all callers."""

    url: str
    operations: list[Operation]
    things: dict[str, str]
    tokens: dict[str, str | None]

    def call(self, operation: Operation, caller: str, things: dict[str, str] | None = None) -> httpx.Response:
        """Call an operation on the owner's resources with a valid body."""
        headers = {"Authorization": f"Bearer {token}"} if (token := self.tokens[caller]) else {}
        extension = "svg" if operation.id in ("get_song_pianoroll", "get_song_score") else "mp3"
        path = operation.path.format(**(things or self.things), format=extension)
        with httpx.Client(base_url=self.url, timeout=60, headers=headers) as client:
            request = client.build_request(operation.method, path, **self._body(operation.id))
            response = client.send(request, stream=True)
            if operation.id != "follow_notifications" or not response.is_success:
                # A stream of notifications lasts for minutes.
                response.read()
            return response

    def _body(self, operation: str) -> dict[str, Any]:
        bodies: dict[str, Any] = {
            "change_song": {"title": "Changed"},
            "share_song": {"days": 1},
            "comment_on_song": {"text": "Hello"},
            "report_comment": {"reason": "spam"},
            "edit_comment": {"text": "Hello again"},
            "decide_reports": {"decision": "dismiss"},
            "read_all_notifications": {},
            "put_notification_settings": {},
            "put_profile": {},
            "add_webhook": {"url": "https://127.0.0.1/"},
            "change_webhook": {"kinds": ["like"]},
            "create_playlist": {"title": "Mine"},
            "change_playlist": {"title": "Changed"},
            "put_playlist_songs": {"song_ids": []},
            "create_generation": {"length": 16},
            "answer_listening_pair": {"preferred": "a", "guessed": "b"},
            "create_comparison": _COMPARISON,
            "prepare_song_audio": {"formats": ["mp3"]},
            "create_api_key": {"name": "k", "scopes": ["songs:read"], "expires_in_days": 1},
            "claim_guest": {},
            "change_password": {"current_password": PASSWORD, "new_password": PASSWORD + "!"},
            "delete_account": {"password": "not the password"},
            "register_user": {"username": f"u-{secrets.token_hex(5)}", "password": PASSWORD},
            "exchange_api_key": {"api_key": "none"},
            "change_email": {"email": "owner@example.com"},
            "reauthenticate": {"password": PASSWORD},
            "rename_passkey": {"name": "my phone"},
            "preview_song_notes": _NOTES,
            "save_song_version": _NOTES,
        }
        if operation == "import_song":
            return {"content": b"not MIDI", "headers": {"Content-Type": "audio/midi"}}
        if operation == "put_picture":
            return {"content": b"no picture", "headers": {"Content-Type": "image/png"}}
        return {"json": bodies[operation]} if operation in bodies else {}


def _log_in(client: httpx.Client, name: str) -> str:
    client.post("/auth/users", json={"username": name, "password": PASSWORD}).raise_for_status()
    form = {"grant_type": "password", "username": name, "password": PASSWORD}
    return str(client.post("/auth/token", data=form).raise_for_status().json()["access_token"])


def _scoped(client: httpx.Client, owner: str, *scopes: str) -> str:
    headers = {"Authorization": f"Bearer {owner}"}
    body = {"name": "k", "scopes": scopes, "expires_in_days": 1}
    key = client.post("/auth/api-keys", json=body, headers=headers).raise_for_status().json()["api_key"]
    return str(client.post("/auth/api-keys/token", json={"api_key": key}).raise_for_status().json()["access_token"])


def _signer(product: Any) -> Callable[..., str]:
    """Return a function that signs arbitrary claims with auth's own key."""
    lines = Path(f"/proc/{product.pid_of('auth')}/environ").read_text().split("\0")
    environment = dict(line.split("=", 1) for line in lines if "=" in line)

    async def key() -> Any:
        database = Database(environment["EUTERPE_AUTH_DATABASE_URL"], schema="auth")
        try:
            return await KeyRing(database, environment["EUTERPE_AUTH_KEY_ENCRYPTION_KEY"], utc_now).signing_key()
        finally:
            await database.close()

    signing = asyncio.run(key())

    public = base64.urlsafe_b64decode(signing.jwk["x"] + "=")

    def sign(claims: dict[str, Any], private: Any = None, algorithm: str = "EdDSA", **changes: str) -> str:
        headers = {"kid": signing.kid, "typ": "at+jwt"} | changes
        keys = {"none": None, "HS256": public, "EdDSA": private or signing.private_key}
        return jwt.encode(claims, keys[algorithm], algorithm=algorithm, headers=headers)

    return sign


@pytest.fixture(scope="module")
def world(product: Any) -> World:
    with product.client() as client:
        owner, other = (_log_in(client, f"{kind}-{secrets.token_hex(4)}") for kind in ("owner", "other"))
        claims = jwt.decode(owner, options={"verify_signature": False})
        sign = _signer(product)
        document = client.get("/openapi.json").json()
        operations = [
            Operation(operation["operationId"], method.upper(), path)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        tokens: dict[str, str | None] = {
            "anonymous": None,
            "guest": client.post("/auth/guest").json()["access_token"],
            "other": other,
            # The scopes of this key do not cover most operations; `_unscoped` names the others.
            "key without scope": _scoped(client, owner, "account:read"),
            "key of an account": _scoped(client, owner, "songs:read", "songs:write"),
            "expired": sign(claims | {"exp": int(time.time()) - 1}),
            "forged": sign(claims, Ed25519PrivateKey.generate()),
            "none": sign(claims, algorithm="none"),
            "HS256 with the public key": sign(claims, algorithm="HS256"),
            "for another audience": sign(claims | {"aud": "euterpe-internal"}),
            "of another issuer": sign(claims | {"iss": "someone"}),
            "of another type": sign(claims, typ="service+jwt"),
            "of an unknown key": sign(claims, kid=uuid.uuid4().hex),
            "owner": owner,
        }
        order = sorted(operations, key=lambda one: _LAST.index(one.id) if one.id in _LAST else -1)
        return World(product.url, order, _things(client, owner), tokens)


def _things(client: httpx.Client, owner: str) -> dict[str, str]:
    """Return one private resource of the owner for each path parameter."""
    headers = {"Authorization": f"Bearer {owner}"}

    def make(path: str, **body: Any) -> Any:
        response = client.post(path, json=body, headers=headers | {"Prefer": "wait=30"})
        return response.raise_for_status().json()

    generation = make("/generations", length=16)
    song = generation["song_id"]
    return {
        "generation_id": generation["id"],
        "comparison_id": make("/comparisons", **_COMPARISON)["id"],
        "song_id": song,
        "share_id": str(make(f"/songs/{song}/shares", days=1)["id"]),
        "comment_id": make(f"/songs/{song}/comments", text="To myself")["id"],
        "playlist_id": make("/library/playlists", title="Private")["id"],
        "key_id": make("/auth/api-keys", name="k", scopes=["songs:read"], expires_in_days=1)["id"],
        "session_id": str(uuid.uuid4()),
        "passkey_id": str(uuid.uuid4()),
        "notification_id": str(uuid.uuid4()),
        "webhook_id": str(uuid.uuid4()),
        "delivery_id": str(uuid.uuid4()),
        "author_id": generation["id"],
        "token": "no-such-token",
        "name": "no-such-model",
        "number": "1",
        "pair_id": str(uuid.uuid4()),
        "side": "a",
    }


def test_every_operation_has_a_policy(world: World) -> None:
    assert {operation.id for operation in world.operations} == POLICY


def test_document_matches_the_policy(product: Any) -> None:
    with product.client() as client:
        document = client.get("/openapi.json").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            name, needed = operation["operationId"], operation["security"]
            assert (needed == []) == (name in OPEN), name
            assert ({} in needed) == (name in OPTIONAL), name


@pytest.mark.parametrize("caller", ["expired", "forged"])
def test_invalid_tokens_are_refused_by_every_operation(world: World, caller: str) -> None:
    for operation in world.operations:
        if operation.id not in OPEN:
            assert world.call(operation, caller).status_code == 401, operation


@pytest.mark.parametrize("service", ["auth", "songs", "generations", "audio"])
def test_tokens_of_wrong_kinds_are_refused_by_each_service(world: World, service: str) -> None:
    asked = {"auth": "read_me", "songs": "list_songs", "generations": "get_generation", "audio": "get_song_audio"}
    [operation] = [one for one in world.operations if one.id == asked[service]]
    assert world.call(operation, "owner").status_code == 200
    for caller in world.tokens:
        if caller == "none" or caller.startswith(("HS256", "for another", "of a")):
            assert world.call(operation, caller).status_code == 401, caller


def test_an_api_key_needs_the_scope(world: World) -> None:
    for operation in world.operations:
        if operation.id not in OPEN | {"read_me"}:
            assert world.call(operation, "key without scope").status_code == 403, operation
        if operation.id in LOGIN:
            assert world.call(operation, "key of an account").status_code == 403, operation


def _hidden(operation: Operation) -> bool:
    return "{" in operation.path and operation.id not in _NO_THING


def test_private_resources_are_missing_without_a_login(world: World) -> None:
    for operation in world.operations:
        status = world.call(operation, "anonymous").status_code
        if operation.id in OPTIONAL | OPEN:
            assert status == 404 if _hidden(operation) else status not in (403, 500, 503), (operation, status)
        else:
            assert status == 401, operation


@pytest.mark.parametrize("caller", ["guest", "other"])
def test_private_resources_are_missing_for_other_users(world: World, caller: str) -> None:
    nothing = {name: str(uuid.uuid4()) for name in world.things} | {"number": "1"}
    skipped = {"log_out_everywhere", "change_password", "delete_account"}
    if caller == "guest":
        # A guest that registers loses its tokens.
        skipped.add("register_user")
    for operation in world.operations:
        if operation.id in OPEN | skipped:
            continue
        response = world.call(operation, caller)
        if operation.id in MODERATOR or (caller == "guest" and operation.id in ACCOUNT | LOGIN):
            assert response.status_code == 403, operation
        elif _hidden(operation):
            assert response.status_code == 404, (operation, response.text)
            missing = world.call(operation, caller, nothing)
            assert [response.json()[part] for part in ("type", "detail")] == [
                missing.json()[part] for part in ("type", "detail")
            ], operation
        else:
            assert response.status_code not in (401, 403, 500, 503), (operation, response.text)


def test_owner_may_call_everything(world: World) -> None:
    """Runs last, as it deletes the resources that other tests need."""
    assert json.loads(world.call(Operation("read_me", "GET", "/api/v1/auth/me"), "owner").text)["guest"] is False
    for operation in world.operations:
        if operation.id in OPEN:
            continue
        response = world.call(operation, "owner")
        if operation.id in MODERATOR:
            assert response.status_code == 403, operation
            continue
        # Refused for other reasons: unknown author, session and passkey, a composed song, no MIDI, empty body, wrong
        # password or code.
        refused = {"download_original": 404, "get_author": 404, "follow_author": 404, "revoke_session": 404,
                   "read_notification": 404, "unread_notification": 404, "put_picture": 422,
                   "add_webhook": 422, "remove_webhook": 404, "test_webhook": 404, "list_deliveries": 404,
                   "retry_delivery": 404, "change_webhook": 404, "retry_dead_deliveries": 404,
                   "import_song": 422, "claim_guest": 422, "delete_account": 422, "convert_midi": 422,
                   "enable_totp": 422, "rename_passkey": 404, "remove_passkey": 404, "add_passkey": 422,
                   "reauthenticate_with_passkey": 422, "begin_provider_confirmation": 422, "link_provider": 422,
                   "unlink_provider": 404, "reauthenticate_with_provider": 422,
                   "register_with_provider": 422}  # fmt: skip
        expected = refused.get(operation.id)
        fits = response.status_code == expected if expected else response.is_success
        assert fits, (operation, response.status_code, response.text[:300])
