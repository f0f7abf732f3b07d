"""Password hashing under load."""

import asyncio
import threading
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher


async def test_concurrent_hashes_are_bounded_and_the_rest_gets_503(
    replica: Any, make_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, max_running, lock, release = 0, 0, threading.Lock(), threading.Event()
    real = PasswordHasher.verify

    def slow(self: PasswordHasher, stored: str, password: str) -> bool:
        nonlocal running, max_running
        with lock:
            running += 1
            max_running = max(max_running, running)
        release.wait(20)
        with lock:
            running -= 1
        return bool(real(self, stored, password))

    async with replica(password_hashes_running=2, password_hashes_waiting=3, login_attempts_per_account=100) as client:
        user = make_user(client)
        await user.register()
        monkeypatch.setattr(PasswordHasher, "verify", slow)
        logins = [asyncio.create_task(user.log_in()) for _ in range(12)]
        refused, _ = await _first(logins, 7)
        assert {answer.status_code for answer in refused} == {503}
        assert int(refused[0].headers["retry-after"]) > 0
        await _check_metrics_under_load(client)
        release.set()
        answers = await asyncio.gather(*logins)
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [503] * 7
        assert max_running == 2
        # All slots are free again.
        assert (await user.log_in()).status_code == 200


async def _first(tasks: list[asyncio.Task[httpx.Response]], count: int) -> tuple[list[httpx.Response], Any]:
    done: set[asyncio.Task[httpx.Response]] = set()
    pending: Any = set(tasks)
    while len(done) < count:
        finished, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert finished, "no request was refused"
        done |= finished
    return [task.result() for task in done], pending


async def _check_metrics_under_load(client: httpx.AsyncClient) -> None:
    text = (await client.get("/metrics")).text
    assert "euterpe_auth_password_hashes_running 2.0" in text
    assert "euterpe_auth_password_hashes_waiting 3.0" in text
    assert 'euterpe_auth_logins_total{result="overloaded"} 7.0' in text
