"""The secrets of one installation, generated at its first start and readable only by their owner."""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

from euterpe_stack.errors import StackError
from euterpe_stack.object_store import S3Credentials

#: The client of `euterpe-admin`.
OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets; mappings have the service as key."""

    postgres_superuser_password: str
    database_passwords: dict[str, str]
    s3_admin: S3Credentials
    s3_keys: dict[str, S3Credentials]
    #: Those of the services, and of the operator's tool.
    client_secrets: dict[str, str]
    #: The Fernet key that encrypts auth's signing keys.
    key_encryption_key: str


def load_or_create(path: Path, services: Sequence[str]) -> Secrets:
    """Return the secrets in the file, after generating those that are missing.

    Raises StackError if the file is damaged.
    """
    known = _read(path) if path.exists() else None
    merged = _with_missing(known, services)
    if merged != known:
        _write(path, merged)
    return merged


def _with_missing(known: Secrets | None, services: Sequence[str]) -> Secrets:
    return Secrets(
        postgres_superuser_password=known.postgres_superuser_password if known else _password(),
        database_passwords={s: _password() for s in services} | (known.database_passwords if known else {}),
        s3_admin=known.s3_admin if known else _s3_key("admin"),
        s3_keys={s: _s3_key(s) for s in services} | (known.s3_keys if known else {}),
        client_secrets={s: _password() for s in (*services, OPERATOR)} | (known.client_secrets if known else {}),
        key_encryption_key=known.key_encryption_key if known else Fernet.generate_key().decode(),
    )


def _password() -> str:
    return secrets.token_hex(32)


def _s3_key(name: str) -> S3Credentials:
    return S3Credentials(f"euterpe-{name}-{secrets.token_hex(4)}", _password())


def _read(path: Path) -> Secrets:
    try:
        content = json.loads(path.read_text())
        content["s3_admin"] = S3Credentials(**content["s3_admin"])
        content["s3_keys"] = {name: S3Credentials(**key) for name, key in content["s3_keys"].items()}
        return Secrets(**content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StackError(
            f"{path} is damaged ({error}); restore it from a backup: the data cannot be read without it."
        ) from error


def _write(path: Path, content: Secrets) -> None:
    # Written to another file and renamed, so that an interrupted start leaves no partial file.
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(content), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
