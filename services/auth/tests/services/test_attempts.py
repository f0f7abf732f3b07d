"""Limits on password attempts. They do not lock owners out, and do not reveal whether a name exists."""

import asyncio
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher


async def _guess(user: Any, times: int, **changes: str) -> list[httpx.Response]:
    return [await user.log_in(**({"password": f"guess {number}"} | changes)) for number in range(times)]


def _statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


async def test_ten_attempts_and_then_429(user: Any, clock: Any) -> None:
    await user.register()
    answers = await _guess(user, 12)
    assert _statuses(answers) == [401] * 10 + [429] * 2
    assert answers[10].json()["type"] == "/problems/too-many-attempts"
    # The correct password is not checked either.
    assert (await user.log_in()).status_code == 429
    clock.advance(seconds=int(answers[10].headers["retry-after"]))
    assert (await user.log_in()).status_code == 200


async def test_an_unknown_name_is_limited_in_the_same_way(user: Any, at: Any, make_user: Any) -> None:
    await user.register()
    known = await _guess(user, 11)
    async with at(user.client, "198.51.100.1") as elsewhere:
        unknown = await _guess(make_user(elsewhere, username="nobody"), 11)
        strange = await _guess(make_user(elsewhere, username="no such name, ever\0"), 11)
    assert _statuses(known) == _statuses(unknown) == _statuses(strange) == [401] * 10 + [429]
    for answer in (unknown[-1], strange[-1]):
        assert set(answer.json()) == set(known[-1].json())
        assert int(answer.headers["retry-after"]) == pytest.approx(int(known[-1].headers["retry-after"]), abs=20)


async def test_attempts_are_counted_across_case_and_addresses(user: Any, make_user: Any, at: Any) -> None:
    await user.register()
    statuses = []
    for number in range(12):
        async with at(user.client, f"198.51.100.{number}") as elsewhere:
            name = "CLARA" if number % 2 else "clara"
            statuses += _statuses(await _guess(make_user(elsewhere, username=name), 1))
    assert statuses == [401] * 10 + [429] * 2


async def test_the_owner_can_log_in_from_a_known_address(user: Any, make_user: Any, at: Any) -> None:
    await user.tokens()
    async with at(user.client, "198.51.100.1") as elsewhere:
        assert _statuses(await _guess(make_user(elsewhere), 11))[-1] == 429
        assert (await make_user(elsewhere).log_in()).status_code == 429
    assert (await user.log_in()).status_code == 200
    # Attempts from there are limited as well.
    assert _statuses(await _guess(user, 11))[-1] == 429


async def test_attempts_are_limited_per_network(replica: Any, make_user: Any, at: Any) -> None:
    async with replica(login_attempts_per_address=20) as client:
        statuses = []
        for number in range(22):
            async with at(client, f"2001:db8:0:1::{number:x}") as same_network:
                statuses += _statuses(await _guess(make_user(same_network, username=f"name-{number}"), 1))
        assert statuses == [401] * 20 + [429] * 2
        async with at(client, "2001:db8:0:2::1") as other_network:
            assert _statuses(await _guess(make_user(other_network, username="name-1"), 1)) == [401]


async def test_successful_logins_do_not_count(replica: Any, make_user: Any) -> None:
    async with replica(login_attempts_per_address=5) as client:
        user = make_user(client)
        await user.register()
        await _guess(user, 3)
        for _ in range(8):
            assert (await user.log_in()).status_code == 200
        assert _statuses(await _guess(user, 3)) == [401, 401, 429]


async def test_concurrent_attempts_cannot_exceed_the_limit(
    replica: Any, make_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: tried.append(given) or real(*given))
    async with replica() as one, replica() as two:
        await make_user(one).register()
        guesses = [
            make_user(client).log_in(password=f"guess {number}") for number, client in enumerate([one, two] * 15)
        ]
        answers = await asyncio.gather(*guesses)
    assert sorted(_statuses(list(answers))) == [401] * 10 + [429] * 20
    assert len(tried) == 10


async def test_the_tables_contain_no_typed_name(user: Any, rows: Any) -> None:
    await user.register()
    await _guess(user, 1, username="my-password-by-mistake")
    for table in ("attempts", "security_events"):
        for (line,) in await rows(f"SELECT t::text FROM {table} AS t"):
            assert "my-password-by-mistake" not in line
            assert b"my-password-by-mistake".hex() not in line


async def test_refusals_are_counted(user: Any, client: httpx.AsyncClient) -> None:
    await _guess(user, 11)
    assert 'euterpe_auth_logins_total{result="limited"} 1.0' in (await client.get("/metrics")).text
