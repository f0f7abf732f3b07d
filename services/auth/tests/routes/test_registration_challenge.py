"""Proof of work against mass registration."""

import base64
import json
from typing import Any

import altcha
import httpx
import pytest

CHALLENGE = "/api/v1/auth/registration-challenge"
USERS = "/api/v1/auth/users"


@pytest.fixture
async def site(replica: Any) -> Any:
    """An instance that requires proof of work."""
    async with replica(registration_challenge="proof_of_work", registration_challenge_cost=100) as client:
        yield client


async def _proof(client: httpx.AsyncClient, **changes: Any) -> str:
    challenge = (await client.get(CHALLENGE)).json()["challenge"]
    challenge["parameters"] |= changes
    parsed = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(parsed)
    assert solution is not None
    return altcha.Payload(parsed, solution).to_base64()


async def _register(client: httpx.AsyncClient, name: str, proof: str | None) -> httpx.Response:
    body = {"username": name, "password": "op. 7, in A minor"} | ({} if proof is None else {"proof": proof})
    return await client.post(USERS, json=body)


async def test_a_solution_registers_one_account(site: httpx.AsyncClient, make_user: Any) -> None:
    proof = await _proof(site)
    assert (await _register(site, "Clara", proof)).status_code == 201
    again = await _register(site, "Robert", proof)
    assert (again.status_code, again.json()["type"]) == (403, "/problems/registration-proof-required")
    # A taken name does not use up a solution.
    another = await _proof(site)
    assert (await _register(site, "Clara", another)).status_code == 409
    assert (await _register(site, "Robert", another)).status_code == 201
    assert (await make_user(site).guest())["access_token"]


async def test_missing_wrong_and_easier_solutions_are_refused(site: httpx.AsyncClient) -> None:
    unsolved = json.loads(base64.b64decode(await _proof(site)))
    unsolved["solution"]["counter"] += 1
    wrong = base64.b64encode(json.dumps(unsolved).encode()).decode()
    for proof in (
        None,
        "",
        "x",
        "é",
        "e30=",
        "bnVsbA==",
        wrong,
        await _proof(site, cost=1),
        await _proof(site, keyPrefix=""),
    ):
        answer = await _register(site, "Clara", proof)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/registration-proof-required"), proof


async def test_an_expired_challenge_is_refused(site: httpx.AsyncClient, clock: Any) -> None:
    clock.advance(minutes=-11)
    assert (await _register(site, "Clara", await _proof(site))).status_code == 403


async def test_by_default_no_solution_is_needed(client: httpx.AsyncClient) -> None:
    assert (await client.get(CHALLENGE)).json() == {"challenge": None}
    assert (await _register(client, "Clara", None)).status_code == 201
