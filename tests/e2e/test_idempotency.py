"""The same request fifty times at once, over the gateway: one effect, and the same answer for all."""

import asyncio
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

TIMES = 50


async def _at_once(product: Any, listener: httpx.Client, path: str, **request: Any) -> list[httpx.Response]:
    headers = {"Authorization": listener.headers["Authorization"], "Idempotency-Key": "once"}
    headers |= request.pop("headers", {})
    async with httpx.AsyncClient(base_url=f"{product.url}/api/v1", timeout=60, headers=headers) as client:
        return await asyncio.gather(*(client.post(path, **request) for _ in range(TIMES)))


def _songs(listener: httpx.Client) -> list[str]:
    return [song["id"] for song in listener.get("/songs").raise_for_status().json()["items"]]


async def test_one_piece_is_composed(product: Any, listener: httpx.Client) -> None:
    request = {"json": {"length": 30}, "headers": {"Prefer": "wait=30"}}
    answers = await _at_once(product, listener, "/generations", **request)
    assert {answer.status_code for answer in answers} == {200}
    told = {(answer.json()["id"], answer.json()["song_id"], answer.json()["seed"]) for answer in answers}
    assert len(told) == 1
    assert _songs(listener) == [answers[0].json()["song_id"]]


async def test_one_file_is_imported(product: Any, listener: httpx.Client) -> None:
    piece = listener.post("/generations", json={"length": 30}, headers={"Prefer": "wait=30"}).json()
    midi = listener.get(piece["midi_url"].removeprefix("/api/v1")).content
    request = {"content": midi, "headers": {"Content-Type": "audio/midi"}}
    answers = await _at_once(product, listener, "/library/imports", **request)
    assert {answer.status_code for answer in answers} == {201}
    [imported] = {answer.json()["id"] for answer in answers}
    assert sorted(_songs(listener)) == sorted([imported, piece["song_id"]])
