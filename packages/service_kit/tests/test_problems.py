"""Every error response is a problem, names the remedy, and reveals no internals."""

import asyncio
from typing import Any

import httpx
import pytest
import pytest_asyncio
from euterpe_service_kit.errors import (
    FieldProblem,
    NotFound,
    RangeNotSatisfiable,
    TooManyRequests,
    Unauthenticated,
    Unprocessable,
)
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field


class Piece(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(max_length=5)
    length: int = Field(ge=1, le=1000)
    tempo: float = Field(default=120.0, gt=0, allow_inf_nan=False)


RAISED = {
    "missing": NotFound("There is no song with this id."),
    "login": Unauthenticated("Log in first."),
    "busy": TooManyRequests("Too many at once.", retry_after_seconds=7),
    "range": RangeNotSatisfiable(10),
    "fields": Unprocessable("length: too long", fields=[FieldProblem("body.length", "too long", {"le": 4})]),
    "teapot": HTTPException(418, "short and stout", headers={"X-Kind": "tea"}),
    "bug": ValueError("secret inside"),
    "network": ConnectionResetError("peer"),
    "timeout": TimeoutError(),
    "file": FileNotFoundError("/etc/secret"),
}


@pytest_asyncio.fixture
async def client(app: FastAPI, client_of: Any) -> Any:
    @app.post("/pieces")
    async def make(piece: Piece, voices: int = Query(default=1, le=4)) -> Piece:
        return piece

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise RAISED[name]

    async with client_of(app) as client:
        yield client


def problem(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["x-request-id"]
    return body


@pytest.mark.parametrize(
    ("body", "field", "limits"),
    [
        ({"title": "a", "length": 1001}, "body.length", {"le": 1000}),
        ({"title": "a", "length": 0}, "body.length", {"ge": 1}),
        ({"title": "sixsix", "length": 4}, "body.title", {"max_length": 5}),
        ({"title": "a", "length": 4, "tempo": -1}, "body.tempo", {"gt": 0.0}),
        ({"title": "a"}, "body.length", None),
        ({"title": "a", "length": 4, "colour": "red"}, "body.colour", None),
    ],
)
async def test_invalid_fields(
    client: httpx.AsyncClient, body: dict[str, Any], field: str, limits: dict[str, Any] | None
) -> None:
    found = problem(await client.post("/pieces", json=body))
    assert found["status"] == 422
    assert [(error["field"], error.get("limits")) for error in found["errors"]] == [(field, limits)]
    assert found["detail"].startswith(field)
    assert found["instance"] == "/pieces"


async def test_invalid_query(client: httpx.AsyncClient) -> None:
    found = problem(await client.post("/pieces?voices=9", json={"title": "a", "length": 4}))
    assert found["errors"] == [
        {"field": "query.voices", "message": "Input should be less than or equal to 4", "limits": {"le": 4}}
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff", b"[]", b"null", b"[" * 900, b'{"title": "a", "length": NaN}', b'{"title": "\\ud800"}',
        b'{"title": "a", "length": 4, "tempo": Infinity}', b'{"\\ud800": 1, "title": "a", "length": 1e999}',
    ],
)  # fmt: skip
async def test_malformed_bodies(client: httpx.AsyncClient, content: bytes) -> None:
    response = await client.post("/pieces", content=content, headers={"content-type": "application/json"})
    assert problem(response)["status"] in (400, 422)


@pytest.mark.parametrize(
    ("name", "status", "slug", "header"),
    [
        ("missing", 404, "not-found", None),
        ("login", 401, "unauthenticated", ("www-authenticate", "Bearer")),
        ("busy", 429, "too-many-requests", ("retry-after", "7")),
        ("range", 416, "range-not-satisfiable", ("content-range", "bytes */10")),
        ("fields", 422, "validation-error", None),
        ("teapot", 418, "i'm-a-teapot", ("x-kind", "tea")),
        ("bug", 500, "internal-error", None),
        ("file", 500, "internal-error", None),
        ("network", 503, "unavailable", ("retry-after", "2")),
        ("timeout", 503, "unavailable", ("retry-after", "2")),
    ],
)
async def test_raised_errors(
    client: httpx.AsyncClient, name: str, status: int, slug: str, header: tuple[str, str] | None
) -> None:
    response = await client.get(f"/raise/{name}")
    found = problem(response)
    assert (found["status"], found["type"]) == (status, f"/problems/{slug}")
    assert "secret" not in response.text
    if header:
        assert response.headers[header[0]] == header[1]


async def test_field_problems_of_use_cases_have_the_form_of_validation_errors(client: httpx.AsyncClient) -> None:
    found = problem(await client.get("/raise/fields"))
    assert found["errors"] == [{"field": "body.length", "message": "too long", "limits": {"le": 4}}]


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/nowhere"))["status"] == 404
    response = await client.get("/pieces")
    assert problem(response)["status"] == 405
    assert response.headers["allow"] == "POST"


async def test_concurrent_errors_keep_their_request_ids(client: httpx.AsyncClient) -> None:
    ids = [f"id-{number}" for number in range(20)]
    responses = await asyncio.gather(*(client.get("/raise/missing", headers={"x-request-id": one}) for one in ids))
    assert [problem(response)["request_id"] for response in responses] == ids


async def test_the_document_describes_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/probe/openapi.json")).json()
    operation = document["paths"]["/pieces"]["post"]
    assert operation["operationId"] == "make"
    schema = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Problem"}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "FieldError" in document["components"]["schemas"]


async def test_binary_body_gets_a_documented_status(client: httpx.AsyncClient) -> None:
    response = await client.post("/pieces", content=b'"\xe9"', headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (400, "application/problem+json")
    paths = (await client.get("/api/v1/probe/openapi.json")).json()["paths"]
    assert "400" in paths["/pieces"]["post"]["responses"]
    assert "400" not in paths["/raise/{name}"]["get"]["responses"]
