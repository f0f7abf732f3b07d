"""Failed generations, for operators."""

from typing import Any

import httpx
from euterpe_generator.settings import Settings
from euterpe_test_kit.issuer import TokenIssuer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ADMIN = "/internal/admin/generations"


async def test_a_failed_generation_is_listed_with_its_cause_and_composed_again(
    client: httpx.AsyncClient, settings: Settings, token_issuer: TokenIssuer
) -> None:
    operator = {"Authorization": f"Bearer {token_issuer.service_token('operator', scope='admin')}"}
    done = (await client.post("/api/v1/generations", json={"length": 20}, headers={"Prefer": "wait=30"})).json()
    assert done["status"] == "succeeded"
    engine = create_async_engine(settings.database_url.get_secret_value())
    async with engine.begin() as connection:
        change = (
            "UPDATE generator.generations SET status = 'failed', failure = 'It crashed.', crashes = 3 WHERE id = :id"
        )
        await connection.execute(text(change), {"id": done["id"]})
    await engine.dispose()
    listed = (await client.get(f"{ADMIN}/failed", headers=operator)).json()["items"]
    assert [(each["id"], each["failure"], each["crashes"]) for each in listed] == [(done["id"], "It crashed.", 3)]
    assert (await client.get(f"{ADMIN}/failed?model=other", headers=operator)).json()["items"] == []
    assert (await client.post(f"{ADMIN}/{done['id']}/retry", headers=operator)).status_code == 202
    again = await _ended(client, done["id"])
    assert (again["status"], again["failure"]) == ("succeeded", None)
    assert (await client.post(f"{ADMIN}/{done['id']}/retry", headers=operator)).status_code == 404


async def _ended(client: httpx.AsyncClient, generation_id: str) -> Any:
    async with client.stream("GET", f"/api/v1/generations/{generation_id}/events") as events:
        async for _ in events.aiter_lines():
            pass
    return (await client.get(f"/api/v1/generations/{generation_id}")).json()


async def test_users_and_services_are_refused(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    tokens = [token_issuer.access_token("user"), token_issuer.service_token("converter")]
    headers = [{}, *({"Authorization": f"Bearer {token}"} for token in tokens)]
    assert [(await client.get(f"{ADMIN}/failed", headers=each)).status_code for each in headers] == [401, 401, 403]
