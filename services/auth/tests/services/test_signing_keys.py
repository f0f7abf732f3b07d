"""Signing keys across restarts and replicas."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from euterpe_auth.domain.clock import utc_now
from euterpe_auth.domain.signing_keys import thumbprint
from euterpe_auth.services.signing_keys import KeyEncryptionKeyError
from pydantic import SecretStr


async def test_replicas_that_start_together_create_one_key(replica: Any, rows: Any, make_user: Any) -> None:
    async with AsyncExitStack() as stack:
        clients = await asyncio.gather(*(stack.enter_async_context(replica()) for _ in range(5)))
        sets = [(await client.get("/.well-known/jwks.json")).json() for client in clients]
        assert all(keys == sets[0] for keys in sets)
        assert len(await rows("SELECT 1 FROM signing_keys")) == 1
        token = (await make_user(clients[0]).tokens())["access_token"]
        assert (await make_user(clients[4]).me(token)).status_code == 200


async def test_a_restart_keeps_keys_and_sessions(replica: Any, make_user: Any) -> None:
    async with replica() as client:
        tokens = await make_user(client).tokens()
    async with replica() as client:
        assert (await make_user(client).me(tokens["access_token"])).status_code == 200
        assert (await make_user(client).refresh(tokens["refresh_token"])).status_code == 200


async def test_a_wrong_key_encryption_key_ends_the_start(replica: Any, rows: Any) -> None:
    async with replica():
        pass
    with pytest.raises(KeyEncryptionKeyError, match="EUTERPE_AUTH_KEY_ENCRYPTION_KEY"):
        async with replica(key_encryption_key=SecretStr(Fernet.generate_key().decode())):
            pass
    assert len(await rows("SELECT 1 FROM signing_keys")) == 1


async def test_replicas_follow_changed_dates_of_keys(replica: Any, rows: Any, settings: Any, make_user: Any) -> None:
    """Replicas use changed dates of keys after their next load."""
    async with replica() as client:
        old = (await make_user(client).tokens())["access_token"]
    key, now = Ed25519PrivateKey.generate(), utc_now()
    cipher = Fernet(settings.key_encryption_key.get_secret_value())
    await rows("UPDATE signing_keys SET published_until = $1", now + timedelta(hours=1))
    await rows(
        "INSERT INTO signing_keys VALUES ($1, $2, $3, $4, $4, NULL)",
        thumbprint(key), key.public_key().public_bytes_raw(), cipher.encrypt(key.private_bytes_raw()), now,
    )  # fmt: skip
    async with replica() as client:
        assert len((await client.get("/.well-known/jwks.json")).json()["keys"]) == 2
        assert (await make_user(client).me(old)).status_code == 200
        await rows("UPDATE signing_keys SET published_until = $1 WHERE kid <> $2", now, thumbprint(key))
    async with replica() as client:
        assert (await make_user(client).me(old)).status_code == 401
        new = (await make_user(client).log_in()).json()["access_token"]
        assert (await make_user(client).me(new)).status_code == 200
