"""Limits on guessing, which keep no owner out for good and do not tell whether a name exists."""

import asyncio
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher


async def _guess(listener: Any, times: int, **changes: str) -> list[httpx.Response]:
    return [await listener.log_in(**({"password": f"guess {number}"} | changes)) for number in range(times)]


def _statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


async def test_ten_guesses_and_then_a_pause(listener: Any, clock: Any) -> None:
    await listener.register()
    answers = await _guess(listener, 12)
    assert _statuses(answers) == [401] * 10 + [429] * 2
    assert answers[10].json()["type"] == "/problems/too-many-attempts"
    # The right password is not even looked at; it would tell the guesser that it is right.
    assert (await listener.log_in()).status_code == 429
    clock.advance(seconds=int(answers[10].headers["retry-after"]))
    assert (await listener.log_in()).status_code == 200


async def test_a_name_that_nobody_has_is_limited_alike(listener: Any, at: Any, listener_of: Any) -> None:
    await listener.register()
    known = await _guess(listener, 11)
    async with at(listener.client, "198.51.100.1") as elsewhere:
        unknown = await _guess(listener_of(elsewhere, username="nobody"), 11)
        strange = await _guess(listener_of(elsewhere, username="no such name, ever\0"), 11)
    assert _statuses(known) == _statuses(unknown) == _statuses(strange) == [401] * 10 + [429]
    for answer in (unknown[-1], strange[-1]):
        assert set(answer.json()) == set(known[-1].json())
        assert int(answer.headers["retry-after"]) == pytest.approx(int(known[-1].headers["retry-after"]), abs=20)


async def test_case_and_addresses_do_not_help_the_guesser(listener: Any, listener_of: Any, at: Any) -> None:
    await listener.register()
    statuses = []
    for number in range(12):
        async with at(listener.client, f"198.51.100.{number}") as elsewhere:
            name = "CLARA" if number % 2 else "clara"
            statuses += _statuses(await _guess(listener_of(elsewhere, username=name), 1))
    assert statuses == [401] * 10 + [429] * 2


async def test_the_owner_still_gets_in_where_it_has_been_before(listener: Any, listener_of: Any, at: Any) -> None:
    await listener.tokens()
    async with at(listener.client, "198.51.100.1") as elsewhere:
        assert _statuses(await _guess(listener_of(elsewhere), 11))[-1] == 429
        assert (await listener_of(elsewhere).log_in()).status_code == 429
    assert (await listener.log_in()).status_code == 200
    # And there, too, guesses are limited.
    assert _statuses(await _guess(listener, 11))[-1] == 429


async def test_an_address_that_tries_many_names(replica: Any, listener_of: Any, at: Any) -> None:
    async with replica(login_attempts_per_address=20) as client:
        statuses = []
        for number in range(22):
            async with at(client, f"2001:db8:0:1::{number:x}") as same_network:
                statuses += _statuses(await _guess(listener_of(same_network, username=f"name-{number}"), 1))
        assert statuses == [401] * 20 + [429] * 2
        async with at(client, "2001:db8:0:2::1") as other_network:
            assert _statuses(await _guess(listener_of(other_network, username="name-1"), 1)) == [401]


async def test_logins_that_succeed_use_nothing_up(replica: Any, listener_of: Any) -> None:
    async with replica(login_attempts_per_address=5) as client:
        listener = listener_of(client)
        await listener.register()
        await _guess(listener, 3)
        for _ in range(8):
            assert (await listener.log_in()).status_code == 200
        assert _statuses(await _guess(listener, 3)) == [401, 401, 429]


async def test_many_at_once_do_not_slip_through(
    replica: Any, listener_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: tried.append(given) or real(*given))
    async with replica() as one, replica() as two:
        await listener_of(one).register()
        guesses = [
            listener_of(client).log_in(password=f"guess {number}") for number, client in enumerate([one, two] * 15)
        ]
        answers = await asyncio.gather(*guesses)
    assert sorted(_statuses(list(answers))) == [401] * 10 + [429] * 20
    assert len(tried) == 10


async def test_the_tables_hold_no_name_that_was_typed(listener: Any, rows: Any) -> None:
    await listener.register()
    await _guess(listener, 1, username="my-password-by-mistake")
    for table in ("attempts", "security_events"):
        for (line,) in await rows(f"SELECT t::text FROM {table} AS t"):
            assert "my-password-by-mistake" not in line
            assert b"my-password-by-mistake".hex() not in line


async def test_refusals_are_counted(listener: Any, client: httpx.AsyncClient) -> None:
    await _guess(listener, 11)
    assert 'euterpe_auth_logins_total{result="limited"} 1.0' in (await client.get("/metrics")).text
