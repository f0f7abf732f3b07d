"""Secrets are generated once, and only their owner can read them."""

from pathlib import Path

import pytest
from euterpe_stack.errors import StackError
from euterpe_stack.secret_file import load_or_create


def test_secrets_are_generated_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = load_or_create(path, ["auth", "library"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create(path, ["auth", "library"]) == first
    other = load_or_create(tmp_path / "other.json", ["auth", "library"])
    assert other.postgres_superuser_password != first.postgres_superuser_password
    assert other.key_encryption_key != first.key_encryption_key


def test_secrets_are_distinct(tmp_path: Path) -> None:
    made = load_or_create(tmp_path / "secrets.json", ["auth", "library"])
    keys = [made.s3_admin, *made.s3_keys.values()]
    every = [made.postgres_superuser_password, made.key_encryption_key, *made.database_passwords.values()]
    every += [*made.client_secrets.values(), *(key.secret_access_key for key in keys)]
    # Two services have a password, a client secret and an S3 key each; the operators' tool has a client secret.
    assert len(set(every)) == len(every) == 3 + 2 * 3 + 1


def test_a_new_service_gets_secrets_and_the_others_keep_theirs(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    before = load_or_create(path, ["auth"])
    after = load_or_create(path, ["auth", "studio"])
    assert after.database_passwords["auth"] == before.database_passwords["auth"]
    assert after.database_passwords["studio"] == load_or_create(path, ["auth", "studio"]).database_passwords["studio"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key_encryption_key": 1}'])
def test_a_damaged_file_is_reported_and_not_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)
    with pytest.raises(StackError, match=r"secrets\.json is damaged"):
        load_or_create(path, ["auth"])
    assert path.read_text() == content
