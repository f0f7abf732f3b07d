"""Requests that another site causes are refused, unless they carry a token or change nothing."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver:81"},
    {"origin": "http://["},
    {"origin": "http://[x]"},
]
OWN = [
    {},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"origin": "http://testserver"},
    {"origin": "https://testserver"},
]


@pytest_asyncio.fixture
async def client(app: FastAPI, client_of: Any) -> AsyncIterator[httpx.AsyncClient]:
    @app.api_route("/thing", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def thing() -> str:
        return "done"

    async with client_of(app) as client:
        yield client


@pytest.mark.parametrize("headers", FOREIGN)
async def test_changes_by_other_sites_are_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await client.request(method, "/thing", headers=headers | {"cookie": "a=b"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site-request")
    assert (await client.get("/thing", headers=headers)).status_code == 200
    with_token = headers | {"authorization": "Bearer x"}
    assert (await client.post("/thing", headers=with_token)).status_code == 200


@pytest.mark.parametrize("headers", OWN)
async def test_changes_by_own_pages_and_programs_are_accepted(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.post("/thing", headers=headers)).status_code == 200
