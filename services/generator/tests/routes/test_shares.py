"""Shares of the queue, limits per network, and quotas, through the API."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from euterpe_generator.app import create_app
from euterpe_generator.domain.generation import Owner
from euterpe_generator.domain.requests import Order, OrderItem
from euterpe_generator.errors import NetworkQuotaReached, TooManyUnfinished
from euterpe_generator.settings import Settings
from euterpe_generator.storage.admission import Admission
from euterpe_test_kit.fixtures import running_client
from euterpe_test_kit.issuer import TokenIssuer
from sqlalchemy import text

URL = "/api/v1/generations"
PIECE = {"length": 20}
Headers = dict[str, str]


@pytest.fixture
def guest(token_issuer: TokenIssuer) -> Callable[[str], Headers]:
    return lambda name: {"Authorization": f"Bearer {token_issuer.access_token(name, guest=True)}"}


@pytest.fixture
def queue_only(settings: Settings) -> Callable[..., Settings]:
    """Settings of a process that accepts generations and composes none."""
    return lambda **changes: settings.model_copy(update={"worker_enabled": False} | changes)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


def admission(owner: Owner, count: int) -> Admission:
    pieces = tuple(OrderItem(uuid.uuid4(), seed=1, length=10, title="Piece") for _ in range(count))
    return Admission(owner, Order("tiny", "1", pieces), max_unfinished=5 if count < 4 else 3)


async def test_a_registered_user_is_accepted_while_one_guest_fills_the_queue(
    queue_only: Any, guest: Any, token_issuer: TokenIssuer
) -> None:
    settings = queue_only(always_queued=4, max_unfinished_guest=100)
    async with running_client(create_app(settings)) as client:
        filling = [await client.post(URL, json=PIECE, headers=guest("filler")) for _ in range(5)]
        assert [answer.status_code for answer in filling] == [202] * 4 + [503]
        first = await client.post(URL, json=PIECE, headers=token_issuer.headers("anna"))
        assert first.status_code == 202
        # Its turn comes before those of the guest that still wait.
        position = (await client.get(first.headers["location"], headers=token_issuer.headers("anna"))).json()
        assert position["queue"]["position"] <= 2


async def test_a_guest_fills_only_the_guest_s_own_limit(queue_only: Any, guest: Any) -> None:
    async with running_client(create_app(queue_only(max_unfinished_guest=2))) as client:
        answers = [await client.post(URL, json=PIECE, headers=guest("greedy")) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert problem(answers[2]) == (429, "/problems/too-many-unfinished")
        assert (await client.post(URL, json=PIECE, headers=guest("other"))).status_code == 202


async def test_guests_of_one_network_share_a_limit_that_registered_users_do_not(
    queue_only: Any, guest: Any, token_issuer: TokenIssuer
) -> None:
    async with running_client(create_app(queue_only(max_unfinished_guests_per_network=3))) as client:
        answers = [await client.post(URL, json=PIECE, headers=guest(f"guest {n}")) for n in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert "network" in answers[3].json()["detail"]
        assert (await client.post(URL, json=PIECE, headers=token_issuer.headers("anna"))).status_code == 202
        # An ended generation makes room.
        await client.delete(answers[0].headers["location"], headers=guest("guest 0"))
        assert (await client.post(URL, json=PIECE, headers=guest("guest 9"))).status_code == 202


async def test_a_batch_of_requests_does_not_exceed_the_limit_of_a_network(queue_only: Any, guest: Any) -> None:
    async with running_client(create_app(queue_only(max_unfinished_guests_per_network=3))) as client:
        requests = (client.post(URL, json=PIECE, headers=guest(f"guest {n}")) for n in range(8))
        answers = await asyncio.gather(*requests)
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 5


async def test_anonymous_users_of_a_network_have_a_daily_limit(queue_only: Any, token_issuer: TokenIssuer) -> None:
    app = create_app(queue_only(max_anonymous_per_network_per_day=3))
    async with running_client(app) as client:
        assert (await client.post(URL, json=PIECE | {"count": 2})).status_code == 202
        refused = await client.post(URL, json=PIECE | {"count": 2})
        assert problem(refused) == (429, "/problems/network-quota-reached")
        assert int(refused.headers["retry-after"]) > 0
        assert (await client.post(URL, json=PIECE)).status_code == 202
        assert (await client.post(URL, json=PIECE)).status_code == 429
        assert (await client.post(URL, json=PIECE, headers=token_issuer.headers("anna"))).status_code == 202
        async with app.state.generations._database.sessions.begin() as session:
            assert await session.scalar(text("SELECT sum(pieces) FROM network_pieces")) == 3
            await session.execute(text("UPDATE network_pieces SET day = day - 1"))
        assert (await client.post(URL, json=PIECE)).status_code == 202


async def test_accounts_have_a_daily_limit_by_class(queue_only: Any, guest: Any, token_issuer: TokenIssuer) -> None:
    app = create_app(queue_only(max_registered_per_day=3, max_guest_per_day=1))
    async with running_client(app) as client:
        anna = token_issuer.headers("anna")
        accepted = await client.post(URL, json=PIECE | {"count": 2}, headers=anna)
        assert accepted.status_code == 202
        assert '"pieces";q=3;w=86400, "songs"' in accepted.headers["RateLimit-Policy"]
        assert '"pieces";r=1;t=' in accepted.headers["RateLimit"]
        refused = await client.post(URL, json=PIECE | {"count": 2}, headers=anna)
        assert problem(refused) == (429, "/problems/daily-quota-reached")
        assert refused.json()["limits"] == {"pieces": 3, "remaining": 1}
        assert "at most 3 pieces a day, and 1 of them remain" in refused.json()["detail"]
        assert 0 < int(refused.headers["retry-after"]) <= 86_400
        assert '"pieces";r=1;t=' in refused.headers["RateLimit"]
        # What was refused does not count, and a repeated request counts once.
        for _ in range(2):
            repeated = await client.post(URL, json=PIECE, headers=anna | {"Idempotency-Key": "last"})
            assert repeated.status_code == 202
        usage = await client.get(f"{URL}/usage", headers=anna)
        assert (usage.json()["pieces"], usage.json()["max_pieces"]) == (3, 3)
        assert usage.json()["resets_at"].endswith("T00:00:00Z")
        assert '"pieces";r=0;t=' in usage.headers["RateLimit"]
        comparison = PIECE | {"variants": [{}, {"label": "other"}]}
        assert problem(await client.post("/api/v1/comparisons", json=comparison, headers=anna)) == problem(refused)
        assert (await client.post(URL, json=PIECE, headers=token_issuer.headers("ben"))).status_code == 202

        answers = [await client.post(URL, json=PIECE, headers=guest("mina")) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 429]
        assert "Register" in answers[1].json()["detail"]
        async with app.state.generations._database.sessions.begin() as session:
            await session.execute(text("UPDATE user_pieces SET day = day - 1"))
        assert (await client.post(URL, json=PIECE, headers=anna)).status_code == 202
        operator = {"Authorization": f"Bearer {token_issuer.service_token('operator', scope='admin')}"}
        for user, limit, expected in (("anna", 1, 429), ("anna", 0, 202), ("mina", 9, 202)):
            path = f"/internal/admin/users/{user}/quota"
            changed = await client.put(path, json={"max_pieces_per_day": limit}, headers=operator)
            assert changed.status_code == 204
            headers = guest("mina") if user == "mina" else anna
            assert (await client.post(URL, json=PIECE, headers=headers)).status_code == expected, (user, limit)
            shown = (await client.get(path, headers=operator)).json()
            assert (shown["max_pieces_per_day"], shown["is_own"]) == (limit or None, True)
        path = "/internal/admin/users/anna/quota"
        assert (await client.put(path, json={"max_pieces_per_day": 9}, headers=anna)).status_code == 401
        assert (await client.delete(path, headers=operator)).status_code == 204
        assert (await client.get(path, headers=operator)).json() == {
            "pieces": 1,
            "max_pieces_per_day": 3,
            "is_own": False,
        }
        await app.state.ownership.delete(Owner.account("anna", "Anna"))
        assert (await client.get(f"{URL}/usage", headers=anna)).json()["pieces"] == 0


async def test_a_daily_limit_of_zero_is_none(queue_only: Any, token_issuer: TokenIssuer) -> None:
    async with running_client(create_app(queue_only(max_registered_per_day=0))) as client:
        anna = token_issuer.headers("anna")
        accepted = await client.post(URL, json=PIECE, headers=anna)
        assert accepted.status_code == 202
        assert "pieces" not in accepted.headers["RateLimit"]
        usage = (await client.get(f"{URL}/usage", headers=anna)).json()
        assert (usage["pieces"], usage["max_pieces"]) == (None, None)
        assert (await client.get(f"{URL}/usage")).status_code == 401


async def test_a_refused_order_does_not_count_in_the_daily_limit_of_its_batch(queue_only: Any) -> None:
    app = create_app(queue_only(max_anonymous_per_network_per_day=5))
    owner = Owner.anonymous("192.0.2.1")
    async with running_client(app):
        service = app.state.generations
        outcomes = await service._admit([admission(owner, count) for count in (4, 3, 2, 2)])
        assert isinstance(outcomes[0], TooManyUnfinished)
        assert [len(one) for one in outcomes[1:3]] == [3, 2]
        assert isinstance(outcomes[3], NetworkQuotaReached)
        async with service._database.sessions() as session:
            assert await session.scalar(text("SELECT sum(pieces) FROM network_pieces")) == 5


async def test_a_refused_order_takes_no_room_in_the_queue(
    queue_only: Any, guest: Any, token_issuer: TokenIssuer, manual_clock: Any
) -> None:
    settings = queue_only(always_queued=4, max_unfinished_guest=3)
    # The clock stands still, so the queue is counted once.
    async with running_client(create_app(settings, manual_clock)) as client:
        refused = await client.post(URL, json=PIECE | {"count": 4}, headers=guest("greedy"))
        assert problem(refused) == (429, "/problems/too-many-unfinished")
        accepted = await client.post(URL, json=PIECE | {"count": 4}, headers=token_issuer.headers("anna"))
        assert accepted.status_code == 202
        assert (await client.post(URL, json=PIECE, headers=guest("other"))).status_code == 503


async def test_a_full_library_refuses_requests_and_not_finished_pieces(
    client: httpx.AsyncClient, library: Any, token_issuer: TokenIssuer
) -> None:
    headers = token_issuer.headers("anna")
    key = headers | {"Idempotency-Key": "accepted-before"}
    first = await client.post(URL, json=PIECE, headers=key | {"Prefer": "wait=30"})
    assert first.json()["song_id"]
    assert first.headers["RateLimit"].endswith('"songs";r=999, "storage";r=1000000')
    assert '"songs";q=1000, "storage";q=1000000;qu="content-bytes"' in first.headers["RateLimit-Policy"]
    library.full["ben"] = 3
    refused = await client.post(URL, json=PIECE, headers=token_issuer.headers("ben"))
    assert problem(refused) == (403, "/problems/storage-full")
    assert "3 songs" in refused.json()["detail"]
    assert "permanently" in refused.json()["detail"]


async def test_a_repeated_request_is_answered_when_the_library_is_full(
    queue_only: Any, library: Any, token_issuer: TokenIssuer
) -> None:
    app = create_app(queue_only())
    async with running_client(app) as client:
        headers = token_issuer.headers("anna") | {"Idempotency-Key": "k"}
        first = await client.post(URL, json=PIECE, headers=headers)
        library.full["anna"] = 1
        app.state.generations._quota._known.clear()
        again = await client.post(URL, json=PIECE, headers=headers)
        assert (again.status_code, again.json()) == (202, first.json())
        other = await client.post(URL, json=PIECE, headers=headers | {"Idempotency-Key": "other"})
        assert other.status_code == 403


async def test_requests_are_accepted_while_the_library_does_not_answer(
    queue_only: Any, library: Any, token_issuer: TokenIssuer
) -> None:
    app = create_app(queue_only())
    async with running_client(app) as client:
        library.failing = 1
        answers = [await client.post(URL, json=PIECE, headers=token_issuer.headers("anna")) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202] * 3
        asked_in_vain, library.failing = library.usage_calls, 0
        app.state.generations._quota._not_before = 0.0
        answers = [await client.post(URL, json=PIECE, headers=token_issuer.headers("anna")) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202] * 3
    # One request waits for a library that is down, and its answer is used for a minute.
    assert asked_in_vain <= 4
    assert library.usage_calls == asked_in_vain + 1
