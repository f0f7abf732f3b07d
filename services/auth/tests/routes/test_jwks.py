"""The public keys over HTTP."""

import httpx


async def test_the_key_set_is_cacheable_and_public(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")


async def test_readiness(client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).json() == {"database": "ok", "signing_keys": "ok", "loops": "ok"}
