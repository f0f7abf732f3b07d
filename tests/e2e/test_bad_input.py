"""Invalid input is refused with a problem that names it, and stores nothing."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

NIL = "00000000-0000-0000-0000-000000000000"


def assert_problem(response: httpx.Response, status: int, *named: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    text = json.dumps(problem)
    for word in named:
        assert word in text, text


@pytest.mark.parametrize(
    ("request_body", "named"),
    [
        ({"length": 0}, ["length"]),
        ({"length": 1}, ["length"]),
        ({"length": 10**6 + 1}, ["length"]),
        ({"length": "long"}, ["length"]),
        ({"length": 60.5}, ["length"]),
        ({"seed": -1}, ["seed"]),
        ({"seed": 2**63}, ["seed"]),
        ({"title": ""}, ["title"]),
        ({"title": "x" * 201}, ["title", "200"]),
        ({"model": "no-such-model"}, ["model"]),
        ({"tempo": 120}, ["tempo"]),
        ([], []),
    ],
)
def test_invalid_generation_requests_are_refused(user: httpx.Client, request_body: Any, named: list[str]) -> None:
    assert_problem(user.post("/generations", json=request_body), 422, *named)
    assert user.get("/songs").json()["items"] == []


def test_length_over_the_limit_of_the_model(anonymous: httpx.Client, max_length: int) -> None:
    assert_problem(anonymous.post("/generations", json={"length": max_length + 1}), 422, "length", str(max_length))


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b'{"length": NaN}'])
def test_malformed_json_is_refused(anonymous: httpx.Client, content: bytes) -> None:
    response = anonymous.post("/generations", content=content, headers={"content-type": "application/json"})
    assert_problem(response, 422)


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ({"username": "ab", "password": "long enough"}, ["username", "3"]),
        ({"username": "a b c", "password": "long enough"}, ["username"]),
        ({"username": "clara-b", "password": "short"}, ["password", "8"]),
        ({"username": "clara-b", "password": "x" * 129}, ["password", "128"]),
        ({"username": "clara-b"}, ["password"]),
    ],
)
def test_invalid_accounts_are_refused(anonymous: httpx.Client, user: dict[str, str], named: list[str]) -> None:
    response = anonymous.post("/auth/users", json=user)
    assert_problem(response, 422, *named)
    assert user.get("password", "nothing") not in response.text


def test_user_names_are_unique(anonymous: httpx.Client) -> None:
    user = {"username": "only-once", "password": "long enough"}
    assert anonymous.post("/auth/users", json=user).status_code == 201
    assert_problem(anonymous.post("/auth/users", json=user | {"username": "Only-Once"}), 409)


@pytest.mark.parametrize("name", ["unknown-user", "only-once"])
def test_wrong_password_does_not_reveal_whether_the_name_exists(anonymous: httpx.Client, name: str) -> None:
    form = {"grant_type": "password", "username": name, "password": "wrong one"}
    response = anonymous.post("/auth/token", data=form)
    assert_problem(response, 401)
    assert name not in response.json()["detail"]


def forged(token: str) -> str:
    """Return the token with another subject."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"sub": NIL}).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def unsigned(token: str) -> str:
    """Return the token with algorithm `none` and no signature."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("change", [forged, unsigned, lambda token: token[:-4], lambda _: "x"])
def test_forged_tokens_are_refused(user: httpx.Client, change: Callable[[str], str]) -> None:
    token = user.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Authorization": f"Bearer {change(token)}"}
    for path in ("/auth/me", "/songs", f"/generations/{NIL}", f"/audio/{NIL}.mp3"):
        assert_problem(user.get(path, headers=headers), 401)
    assert user.get("/auth/me").status_code == 200


@pytest.mark.parametrize(
    ("content", "audio_format", "named"),
    [
        (b"not a MIDI file", "mp3", ["file"]),
        (b"", "mp3", ["file"]),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\x80MTrk\x00\x00\xff\xff", "mp3", ["file"]),
        (b"MThd", "aac", ["format"]),
    ],
)
def test_invalid_uploads_are_refused(
    anonymous: httpx.Client, content: bytes, audio_format: str, named: list[str]
) -> None:
    files = {"file": ("a.mid", content, "audio/midi")}
    assert_problem(anonymous.post("/conversions", files=files, data={"format": audio_format}), 422, *named)


def test_upload_of_50_megabytes_is_refused(anonymous: httpx.Client) -> None:
    files = {"file": ("a.mid", b"\0" * 50_000_000, "audio/midi")}
    assert_problem(anonymous.post("/conversions", files=files, data={"format": "mp3"}), 413, "bytes")


def test_missing_resources_and_invalid_parameters(user: httpx.Client) -> None:
    for path in (f"/songs/{NIL}", f"/songs/{NIL}/midi", f"/audio/{NIL}.mp3", f"/generations/{NIL}", "/nothing"):
        assert_problem(user.get(path), 404)
    assert_problem(user.get("/songs/not-an-id"), 422, "song_id")
    assert_problem(user.get("/songs", params={"limit": 101}), 422, "limit", "100")
    assert_problem(user.get("/songs", params={"cursor": "made-up"}), 422, "cursor")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/api/v1/auth/service-token", "/api/v1/auth/metrics"])
def test_internal_routes_are_not_published(anonymous: httpx.Client, path: str) -> None:
    url = anonymous.base_url.copy_with(path=path)
    assert_problem(anonymous.get(url), 404)
    assert_problem(anonymous.post(url, data={"grant_type": "client_credentials"}, auth=("generator", "x")), 404)


@pytest.mark.parametrize("service", ["auth", "library", "generator", "converter"])
def test_each_service_has_an_openapi_document(anonymous: httpx.Client, service: str) -> None:
    document = anonymous.get(f"/{service}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path, operations in document["paths"].items():
        assert path.startswith(("/api/v1/", "/.well-known/")), path
        for operation in operations.values():
            assert operation["summary"]
            assert operation["operationId"]
