"""Revoked tokens are refused, and the list must not be too old."""

import asyncio

import httpx
import pytest
from euterpe_service_kit.errors import SessionEnded, Unavailable
from euterpe_service_kit.revocations import MAX_AGE_SECONDS, PATH, RevocationList, remote_revocations
from euterpe_service_kit.tokens import ACCESS, Principal, RemoteKeys, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer

USER = Principal("user", "Clara", session_id="session")
KEY = Principal("user", "Clara", scopes=frozenset(), api_key_id="key")


class Source:
    """A list that can be unavailable, and counts how often it is loaded."""

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids)
        self.loads = 0
        self.is_down = False

    async def __call__(self) -> list[str]:
        self.loads += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise Unavailable("Auth does not respond.")
        return list(self.ids)


@pytest.mark.parametrize(
    ("principal", "revoked", "is_refused"),
    [
        (USER, "user", True),
        (USER, "session", True),
        (KEY, "key", True),
        (KEY, "session", False),
        (USER, "another", False),
        (Principal("user", "Clara"), "None", False),
    ],
)
async def test_user_session_and_key_can_be_revoked(principal: Principal, revoked: str, is_refused: bool) -> None:
    revocations = RevocationList(Source(revoked), max_age_seconds=60)
    if not is_refused:
        await revocations.require_valid(principal)
        return
    with pytest.raises(SessionEnded) as refused:
        await revocations.require_valid(principal)
    assert (refused.value.status, refused.value.slug) == (401, "session-ended")


async def test_an_old_list_is_loaded_again_and_refuses_when_it_cannot_be() -> None:
    now, source = [0.0], Source()
    revocations = RevocationList(source, max_age_seconds=60, retry_seconds=1, clock=lambda: now[0])
    await asyncio.gather(*(revocations.require_valid(USER) for _ in range(50)))
    assert source.loads == 1
    source.is_down, now[0] = True, 60.0
    await revocations.require_valid(USER)
    now[0] = 60.5
    for _ in range(50):
        with pytest.raises(Unavailable):
            await revocations.require_valid(USER)
    assert source.loads == 2, "a failed load was repeated within a second"
    source.is_down, source.ids, now[0] = False, ["user"], 62.0
    with pytest.raises(SessionEnded):
        await revocations.require_valid(USER)


async def test_callers_of_a_failed_load_do_not_load_again() -> None:
    source = Source()
    source.is_down = True
    revocations = RevocationList(source, max_age_seconds=60)
    outcomes = await asyncio.gather(*(revocations.require_valid(USER) for _ in range(20)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert source.loads == 1
    source.is_down = False
    await revocations.require_valid(USER)


async def test_a_verified_token_is_refused_after_the_next_pull(token_issuer: TokenIssuer) -> None:
    async with httpx.AsyncClient() as client:
        revocations = remote_revocations(token_issuer.jwks_url, client)
        verifier = TokenVerifier(RemoteKeys(token_issuer.jwks_url, client), ACCESS, revocations=revocations)
        token = token_issuer.access_token("user-7", sid="session-7")
        assert (await verifier.verify(token)).session_id == "session-7"
        token_issuer.revoked.add("session-7")
        await revocations.refresh()
        with pytest.raises(SessionEnded):
            await verifier.verify(token)
        assert (await verifier.verify(token_issuer.access_token("user-7", sid="session-8"))).id == "user-7"


async def test_an_unchanged_list_is_not_sent_again() -> None:
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.headers.get("if-none-match") == '"1"':
            return httpx.Response(304)
        return httpx.Response(200, json={"ids": ["user"]}, headers={"ETag": '"1"'})

    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        revocations = remote_revocations("http://auth:8000/.well-known/jwks.json", client)
        for _ in range(2):
            await revocations.refresh()
            assert await revocations.ids() == {"user"}
    assert [str(request.url) for request in requests] == [f"http://auth:8000{PATH}"] * 2


@pytest.mark.parametrize("body", ["[]", "{}", '{"ids": 3}', "<html>"])
async def test_a_malformed_list_is_unavailable(body: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Unavailable):
            await remote_revocations("http://auth/jwks", client).require_valid(USER)


def test_a_revoked_token_is_refused_within_a_minute_at_most() -> None:
    assert MAX_AGE_SECONDS <= 60
