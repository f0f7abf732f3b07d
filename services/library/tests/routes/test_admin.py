"""Reported comments and orphaned objects, for operators."""

from typing import Any

import httpx
import pytest
from euterpe.library.v1 import library_pb2 as pb
from euterpe_test_kit.issuer import TokenIssuer

ADMIN = "/internal/admin"


@pytest.fixture
def operator(token_issuer: TokenIssuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_issuer.service_token('operator', scope='admin')}"}


async def test_reports_are_listed_and_decided(
    client: httpx.AsyncClient, register: Any, token_issuer: TokenIssuer, operator: dict[str, str]
) -> None:
    song = await register(visibility=pb.VISIBILITY_PUBLIC)
    author = token_issuer.headers("robert", "Robert")
    ids = []
    for words in ("Buy now", "Lovely"):
        answer = await client.post(f"/api/v1/songs/{song}/comments", json={"text": words}, headers=author)
        ids.append(answer.json()["id"])
    for comment, reporters in ((ids[0], ("clara", "emil")), (ids[1], ("clara",))):
        for reporter in reporters:
            report = {"reason": "spam", "note": "Advertising" if reporter == "emil" else ""}
            path = f"/api/v1/library/comments/{comment}/report"
            await client.put(path, json=report, headers=token_issuer.headers(reporter))
    listed = (await client.get(f"{ADMIN}/reports", headers=operator)).json()["items"]
    assert [(each["comment_id"], each["reports"], each["text"]) for each in listed] == [
        (ids[0], 2, "Buy now"),
        (ids[1], 1, "Lovely"),
    ]
    assert (listed[0]["author"], listed[0]["reasons"], listed[0]["notes"]) == ("Robert", ["spam"], ["Advertising"])
    assert (await client.delete(f"{ADMIN}/comments/{ids[0]}", headers=operator)).status_code == 204
    assert (await client.delete(f"{ADMIN}/comments/{ids[1]}/reports", headers=operator)).status_code == 204
    assert (await client.get(f"{ADMIN}/reports", headers=operator)).json()["items"] == []
    kept = (await client.get(f"/api/v1/songs/{song}/comments")).json()["items"]
    assert [each["text"] for each in kept] == ["Lovely"]
    for path in (f"comments/{ids[0]}", f"comments/{ids[1]}/reports"):
        assert (await client.delete(f"{ADMIN}/{path}", headers=operator)).status_code == 404


async def test_orphaned_objects_are_counted(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    found = (await client.get(f"{ADMIN}/orphans", headers=operator)).json()
    assert found == {"objects": 0, "oldest": None}


async def test_users_and_services_are_refused(client: httpx.AsyncClient, token_issuer: TokenIssuer) -> None:
    tokens = [token_issuer.access_token("user"), token_issuer.service_token("generator")]
    headers = [{}, *({"Authorization": f"Bearer {token}"} for token in tokens)]
    for path in ("reports", "orphans"):
        assert [(await client.get(f"{ADMIN}/{path}", headers=each)).status_code for each in headers] == [401, 401, 403]
