"""What is wrong is refused with a problem that names it, and leaves nothing behind."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

NIL = "00000000-0000-0000-0000-000000000000"


def assert_problem(answer: httpx.Response, status: int, *named: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    text = json.dumps(problem)
    for word in named:
        assert word in text, text


@pytest.mark.parametrize(
    ("wish", "named"),
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
def test_orders_that_cannot_be(listener: httpx.Client, wish: Any, named: list[str]) -> None:
    assert_problem(listener.post("/generations", json=wish), 422, *named)
    assert listener.get("/songs").json()["items"] == []


def test_lengths_beyond_the_model_name_its_limit(anonymous: httpx.Client, longest: int) -> None:
    assert_problem(anonymous.post("/generations", json={"length": longest + 1}), 422, "length", str(longest))


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b'{"length": NaN}'])
def test_orders_that_are_no_json(anonymous: httpx.Client, content: bytes) -> None:
    answer = anonymous.post("/generations", content=content, headers={"content-type": "application/json"})
    assert_problem(answer, 422)


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
def test_accounts_that_cannot_be(anonymous: httpx.Client, user: dict[str, str], named: list[str]) -> None:
    answer = anonymous.post("/auth/users", json=user)
    assert_problem(answer, 422, *named)
    assert user.get("password", "nothing") not in answer.text


def test_a_name_is_given_once(anonymous: httpx.Client) -> None:
    user = {"username": "only-once", "password": "long enough"}
    assert anonymous.post("/auth/users", json=user).status_code == 201
    assert_problem(anonymous.post("/auth/users", json=user | {"username": "Only-Once"}), 409)


@pytest.mark.parametrize("name", ["nobody-at-all", "only-once"])
def test_a_wrong_password_does_not_tell_whether_there_is_such_a_name(anonymous: httpx.Client, name: str) -> None:
    form = {"grant_type": "password", "username": name, "password": "wrong one"}
    answer = anonymous.post("/auth/token", data=form)
    assert_problem(answer, 401)
    assert name not in answer.json()["detail"]


def forged(token: str) -> str:
    """The token with somebody else's name in it."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"sub": NIL}).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def unsigned(token: str) -> str:
    """The token, claiming to need no signature."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("change", [forged, unsigned, lambda token: token[:-4], lambda _: "x"])
def test_tokens_that_are_not_auths(listener: httpx.Client, change: Callable[[str], str]) -> None:
    token = listener.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Authorization": f"Bearer {change(token)}"}
    for path in ("/auth/me", "/songs", f"/generations/{NIL}", f"/audio/{NIL}.mp3"):
        assert_problem(listener.get(path, headers=headers), 401)
    assert listener.get("/auth/me").status_code == 200


@pytest.mark.parametrize(
    ("content", "audio_format", "named"),
    [
        (b"not a MIDI file", "mp3", ["file"]),
        (b"", "mp3", ["file"]),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\x80MTrk\x00\x00\xff\xff", "mp3", ["file"]),
        (b"MThd", "aac", ["format"]),
    ],
)
def test_uploads_that_are_no_music(
    anonymous: httpx.Client, content: bytes, audio_format: str, named: list[str]
) -> None:
    files = {"file": ("a.mid", content, "audio/midi")}
    assert_problem(anonymous.post("/conversions", files=files, data={"format": audio_format}), 422, *named)


def test_an_upload_of_50_megabytes(anonymous: httpx.Client) -> None:
    files = {"file": ("a.mid", b"\0" * 50_000_000, "audio/midi")}
    assert_problem(anonymous.post("/conversions", files=files, data={"format": "mp3"}), 413, "bytes")


def test_things_that_are_not_there(listener: httpx.Client) -> None:
    for path in (f"/songs/{NIL}", f"/songs/{NIL}/midi", f"/audio/{NIL}.mp3", f"/generations/{NIL}", "/nothing"):
        assert_problem(listener.get(path), 404)
    assert_problem(listener.get("/songs/not-an-id"), 422, "song_id")
    assert_problem(listener.get("/songs", params={"limit": 101}), 422, "limit", "100")
    assert_problem(listener.get("/songs", params={"cursor": "made-up"}), 422, "cursor")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/api/v1/auth/service-token", "/api/v1/auth/metrics"])
def test_what_is_inside_stays_inside(anonymous: httpx.Client, path: str) -> None:
    url = anonymous.base_url.copy_with(path=path)
    assert_problem(anonymous.get(url), 404)
    assert_problem(anonymous.post(url, data={"grant_type": "client_credentials"}, auth=("generator", "x")), 404)


@pytest.mark.parametrize("service", ["auth", "library", "generator", "converter"])
def test_each_service_describes_itself(anonymous: httpx.Client, service: str) -> None:
    document = anonymous.get(f"/{service}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path, operations in document["paths"].items():
        assert path.startswith(("/api/v1/", "/.well-known/")), path
        for operation in operations.values():
            assert operation["summary"]
            assert operation["operationId"]
