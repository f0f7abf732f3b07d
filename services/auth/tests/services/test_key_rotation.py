"""Key rotation: planned, repeated, after a compromise, and as a command."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from euterpe_auth.services.key_rotation import KeyRotation, RotationInProgressError
from euterpe_service_kit.database import Database
from pydantic import SecretStr


@pytest_asyncio.fixture
async def rotation(settings: Any, clock: Any) -> AsyncIterator[KeyRotation]:
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    yield KeyRotation(database, settings.key_encryption_key.get_secret_value(), clock)
    await database.close()


def _kid(access_token: str) -> str:
    return str(jwt.get_unverified_header(access_token)["kid"])


async def _published(client: Any) -> set[str]:
    return {key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]}


async def test_a_planned_rotation_refuses_no_valid_token(
    replica: Any, rotation: KeyRotation, make_user: Any, clock: Any
) -> None:
    async with replica() as client:
        before = (await make_user(client).tokens())["access_token"]
    done = await rotation.rotate()
    async with replica() as client:
        # The next key is published for longer than services cache the key set, before it signs.
        assert await _published(client) == {_kid(before), done.kid}
        assert done.signs_from - clock() > timedelta(minutes=15)
        assert _kid((await make_user(client).log_in()).json()["access_token"]) == _kid(before)
        clock.advance(minutes=19, seconds=50)
        last = (await make_user(client).log_in()).json()["access_token"]
        clock.advance(seconds=20)
        first = (await make_user(client).log_in()).json()["access_token"]
        assert (_kid(last), _kid(first)) == (_kid(before), done.kid)
        clock.advance(minutes=10)
        assert await _published(client) == {_kid(before), done.kid}
        assert (await make_user(client).me(last)).status_code == 200
        clock.advance(minutes=10)
        assert await _published(client) == {done.kid}


async def test_a_second_rotation_is_refused_until_the_first_signs(
    replica: Any, rotation: KeyRotation, rows: Any, clock: Any
) -> None:
    async with replica():
        pass
    await rotation.rotate()
    with pytest.raises(RotationInProgressError):
        await rotation.rotate()
    assert len(await rows("SELECT 1 FROM signing_keys")) == 2
    clock.advance(hours=1)
    await rotation.rotate()
    # The first key is deleted, because its tokens are no longer accepted.
    assert len(await rows("SELECT 1 FROM signing_keys")) == 2


async def test_after_a_compromise_only_the_new_key_is_accepted(
    replica: Any, rotation: KeyRotation, make_user: Any
) -> None:
    async with replica() as client:
        tokens = await make_user(client).tokens()
    pending = await rotation.rotate()
    done = await rotation.rotate(compromised=True)
    async with replica() as client:
        assert await _published(client) == {done.kid}
        assert pending.kid != done.kid
        user = make_user(client)
        assert (await user.me(tokens["access_token"])).status_code == 401
        # Sessions are kept: refresh tokens are not signed.
        renewed = (await user.refresh(tokens["refresh_token"])).json()["access_token"]
        assert (await user.me(renewed)).status_code == 200


async def test_the_rotate_keys_command(replica: Any, settings: Any, rows: Any) -> None:
    environment = os.environ | {
        "EUTERPE_AUTH_DATABASE_URL": settings.database_url.get_secret_value(),
        "EUTERPE_AUTH_KEY_ENCRYPTION_KEY": settings.key_encryption_key.get_secret_value(),
    }
    async with replica() as client:
        old = await _published(client)

    def rotate(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "euterpe_auth", "rotate-keys", *flags]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = rotate()
    assert done.returncode == 0, done.stderr
    assert "signs from" in done.stdout
    again = rotate()
    assert (again.returncode, "in progress" in again.stderr) == (1, True)
    assert rotate("--compromised").returncode == 0
    async with replica() as client:
        assert len(await _published(client)) == 1
        assert not await _published(client) & old
    assert [row[0] for row in await rows("SELECT event FROM security_events")] == ["signing_key_rotated"] * 2


async def test_the_key_encryption_key_is_replaced_without_losing_signing_keys(
    settings: Any, replica: Any, make_user: Any, rows: Any
) -> None:
    old, new = settings.key_encryption_key.get_secret_value(), Fernet.generate_key().decode()
    url = {"EUTERPE_AUTH_DATABASE_URL": settings.database_url.get_secret_value()}

    def reencrypt(keys: str) -> "subprocess.CompletedProcess[str]":
        environment = os.environ | url | {"EUTERPE_AUTH_KEY_ENCRYPTION_KEY": keys}
        command = [sys.executable, "-m", "euterpe_auth", "reencrypt-keys"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    async with replica() as client:
        access = (await make_user(client).tokens())["access_token"]
    (before,) = await rows("SELECT encrypted_private_key FROM signing_keys")
    async with replica(key_encryption_key=SecretStr(f"{new}, {old}")) as client:
        assert (await make_user(client).me(access)).status_code == 200
    refused = reencrypt(new)
    assert (refused.returncode, "none of the keys" in refused.stderr) == (1, True)
    assert reencrypt(f"{new},{old}").returncode == 0
    (after,) = await rows("SELECT encrypted_private_key FROM signing_keys")
    assert after != before
    async with replica(key_encryption_key=SecretStr(new)) as client:
        assert (await make_user(client).me(access)).status_code == 200
