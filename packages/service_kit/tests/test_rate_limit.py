"""Rate limits: refusals with Retry-After, and the remaining quota in every response."""

import re
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.rate_limit import RateLimit
from euterpe_service_kit.settings import ServiceSettings
from fastapi import FastAPI


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def app_with(**limits: int) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        yield

    app = create_base_app("probe", ServiceSettings(**limits), lifespan=lifespan, description="")

    @app.get("/thing")
    async def thing() -> str:
        return "here"

    return app


def client_at(app: FastAPI, address: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("quota", [1, 7, 60, 1_200])
def test_burst_of_the_quota_is_accepted_and_restored_evenly(quota: int) -> None:
    clock = Clock()
    limit = RateLimit("token", quota, clock)
    left = [limit.admit("a").remaining for _ in range(quota)]
    assert left == list(range(quota - 1, -1, -1))
    refused = limit.admit("a")
    assert (refused.allowed, refused.remaining, refused.reset_seconds) == (False, 0, 60)
    assert limit.admit("b").allowed
    clock.now += refused.retry_after_seconds
    assert limit.admit("a").allowed
    clock.now += 60
    assert limit.admit("a").remaining == quota - 1


def test_quota_is_not_exceeded_over_an_hour() -> None:
    clock = Clock()
    limit = RateLimit("token", 30, clock)
    passed = 0
    for _ in range(36_000):
        clock.now += 0.1
        passed += limit.admit("a").allowed
    assert 30 * 60 <= passed <= 30 * 61


def test_forged_keys_use_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("euterpe_service_kit.rate_limit._MAX_KEYS", 100)
    limit = RateLimit("address", 10, Clock())
    for _ in range(10):
        limit.admit("a busy one")
    for number in range(1_000):
        limit.admit(str(number))
    assert len(limit._full_at) <= 100
    assert not limit.admit("a busy one").allowed


async def test_each_token_has_its_own_limit() -> None:
    async with client_at(app_with(token_requests_per_minute=3, address_requests_per_minute=100)) as client:
        responses = [await client.get("/thing", headers=bearer("one")) for _ in range(4)]
        assert [response.status_code for response in responses] == [200, 200, 200, 429]
        assert responses[0].headers["RateLimit-Policy"] == '"address";q=100;w=60, "token";q=3;w=60'
        assert re.fullmatch(r'"address";r=99;t=1, "token";r=2;t=20', responses[0].headers["RateLimit"])
        problem = responses[3].json()
        assert (problem["type"], problem["status"]) == ("/problems/rate-limited", 429)
        assert "3 requests a minute from this token" in problem["detail"]
        assert responses[3].headers["content-type"] == "application/problem+json"
        assert 1 <= int(responses[3].headers["Retry-After"]) <= 20
        assert responses[3].headers["X-Request-ID"] == problem["request_id"]
        assert (await client.get("/thing", headers=bearer("another"))).status_code == 200
        assert (await client.get("/thing")).status_code == 200


async def test_forged_tokens_do_not_evade_the_limit_of_the_address() -> None:
    app = app_with(token_requests_per_minute=3, address_requests_per_minute=5)
    async with client_at(app) as client, client_at(app, "192.0.2.2") as neighbour:
        statuses = [(await client.get("/thing", headers=bearer(str(n)))).status_code for n in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        assert (await neighbour.get("/thing")).status_code == 200


async def test_ipv6_network_counts_as_one_address() -> None:
    app = app_with(address_requests_per_minute=1)
    async with client_at(app, "2001:db8::1") as one, client_at(app, "2001:db8::ffff:2") as same:
        assert [(await each.get("/thing")).status_code for each in (one, same)] == [200, 429]
    async with client_at(app, "2001:db8:0:1::1") as other:
        assert (await other.get("/thing")).status_code == 200


async def test_probes_and_unlimited_services_are_not_refused() -> None:
    async with client_at(app_with(address_requests_per_minute=1)) as client:
        assert {(await client.get("/healthz")).status_code for _ in range(5)} == {200}
    async with client_at(app_with(address_requests_per_minute=0, token_requests_per_minute=0)) as client:
        responses = [await client.get("/thing", headers=bearer("one")) for _ in range(5)]
        assert {response.status_code for response in responses} == {200}
        assert "RateLimit" not in responses[0].headers


def test_keys_of_earlier_minutes_are_forgotten() -> None:
    clock = Clock()
    limit = RateLimit("token", 60, clock)
    for minute in range(10):
        clock.now = 1_000.0 + 60 * minute
        for number in range(100):
            limit.admit(f"{minute} {number}")
    assert len(limit._full_at) <= 200
