"""Fifty concurrent requests with one idempotency key: one effect and equal responses."""

import asyncio
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

TIMES = 50


async def _send_concurrently(product: Any, user: httpx.Client, path: str, **request: Any) -> list[httpx.Response]:
    headers = {"Authorization": user.headers["Authorization"], "Idempotency-Key": "once"}
    headers |= request.pop("headers", {})
    async with httpx.AsyncClient(base_url=f"{product.url}/api/v1", timeout=60, headers=headers) as client:
        return await asyncio.gather(*(client.post(path, **request) for _ in range(TIMES)))


def _songs(user: httpx.Client) -> list[str]:
    return [song["id"] for song in user.get("/songs").raise_for_status().json()["items"]]


async def test_one_piece_is_composed(product: Any, user: httpx.Client) -> None:
    request = {"json": {"length": 30}, "headers": {"Prefer": "wait=30"}}
    responses = await _send_concurrently(product, user, "/generations", **request)
    assert {response.status_code for response in responses} == {200}
    results = {(response.json()["id"], response.json()["song_id"], response.json()["seed"]) for response in responses}
    assert len(results) == 1
    assert _songs(user) == [responses[0].json()["song_id"]]


async def test_one_file_is_imported(product: Any, user: httpx.Client) -> None:
    piece = user.post("/generations", json={"length": 30}, headers={"Prefer": "wait=30"}).json()
    midi = user.get(piece["midi_url"].removeprefix("/api/v1")).content
    request = {"content": midi, "headers": {"Content-Type": "audio/midi"}}
    responses = await _send_concurrently(product, user, "/library/imports", **request)
    assert {response.status_code for response in responses} == {201}
    [imported] = {response.json()["id"] for response in responses}
    assert sorted(_songs(user)) == sorted([imported, piece["song_id"]])
