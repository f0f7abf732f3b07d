"""Keys for offline verification, fetched from a real HTTP server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.tokens import RemoteKeys
from euterpe_test_kit.issuer import TokenIssuer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.close()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def test_concurrent_callers_share_one_fetch(issuer: TokenIssuer, http: httpx.AsyncClient) -> None:
    keys = RemoteKeys(issuer.jwks_url, http)
    found = await asyncio.gather(*(keys.find(issuer.kid) for _ in range(50)))
    assert {key.key_id for key in found if key} == {issuer.kid}
    assert None not in found
    assert issuer.jwks_fetches == 1


async def test_cancelled_caller_does_not_cancel_the_fetch_of_others(
    issuer: TokenIssuer, http: httpx.AsyncClient
) -> None:
    keys = RemoteKeys(issuer.jwks_url, http)
    first = asyncio.create_task(keys.find(issuer.kid))
    await asyncio.sleep(0)
    others = [asyncio.create_task(keys.find(issuer.kid)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert all(await asyncio.gather(*others))
    assert issuer.jwks_fetches == 1


async def test_forged_ids_cause_one_fetch_a_minute(issuer: TokenIssuer, http: httpx.AsyncClient) -> None:
    clock = Clock()
    keys = RemoteKeys(issuer.jwks_url, http, clock)
    for number in range(200):
        assert await keys.find(f"made-up-{number}") is None
    assert issuer.jwks_fetches == 1
    clock.now += 61
    assert await keys.find("made-up") is None
    assert issuer.jwks_fetches == 2


async def test_new_key_is_fetched_at_its_first_use(issuer: TokenIssuer, http: httpx.AsyncClient) -> None:
    clock = Clock()
    keys = RemoteKeys(issuer.jwks_url, http, clock)
    await keys.find(issuer.kid)
    issuer.kid = "rotated"
    clock.now += 61
    key = await keys.find("rotated")
    assert key is not None
    assert key.key_id == "rotated"


async def test_cached_keys_are_valid_for_fifteen_minutes_without_auth(
    issuer: TokenIssuer, http: httpx.AsyncClient
) -> None:
    clock = Clock()
    keys = RemoteKeys(issuer.jwks_url, http, clock)
    await keys.find(issuer.kid)
    issuer.close()
    clock.now += 899
    assert await keys.find(issuer.kid)
    clock.now += 61
    with pytest.raises(Unavailable):
        await keys.find(issuer.kid)
    clock.now += 1
    with pytest.raises(Unavailable):
        await keys.find("made-up")


async def test_service_that_starts_before_auth_recovers_within_seconds(http: httpx.AsyncClient) -> None:
    clock = Clock()
    issuer = TokenIssuer()
    url = issuer.jwks_url
    issuer.close()
    keys = RemoteKeys(url, http, clock)
    with pytest.raises(Unavailable):
        await keys.find(issuer.kid)
    late = TokenIssuer()
    keys._url = late.jwks_url
    clock.now += 1.1
    assert await keys.find(late.kid)
    late.close()
