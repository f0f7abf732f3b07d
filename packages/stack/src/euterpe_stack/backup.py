"""`python -m euterpe_stack.backup DIRECTORY`: copy a running product; `--restore` makes a data directory of the copy.

The database is copied first and the bucket second, so that the copied bucket has all objects to which the copied
database refers (docs/guides/operation.md). Rendered audio is not copied, as it can be rendered again.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from euterpe_stack import bootstrap, secret_file
from euterpe_stack.bootstrap import DATABASE
from euterpe_stack.errors import StackError
from euterpe_stack.object_store import SeaweedFs, s3_client
from euterpe_stack.postgres import Postgres, binary, running_port
from euterpe_stack.secret_file import Secrets
from euterpe_stack.services import BUCKET, SERVICE_NAMES, SERVICES
from euterpe_stack.settings import StackSettings

DUMP: Final = "database.dump"
OBJECTS: Final = "objects"
_SECRETS: Final = "secrets.json"
#: What the database refers to.
_PREFIX: Final = "midi/"


def back_up(data: Path, target: Path) -> None:
    """Copy a running product. Raises StackError if it does not run or the target is not empty."""
    _require_empty(target)
    port = running_port(data / "postgres")
    secrets = secret_file.load_or_create(data / "secrets.json", SERVICE_NAMES)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    _run("pg_dump", "--format=custom", f"--file={target / DUMP}", port=port, secrets=secrets)
    endpoint = json.loads((data / "services.json").read_text())["s3"]
    _download(s3_client(endpoint, secrets.s3_admin), target / OBJECTS)
    shutil.copy2(data / _SECRETS, target / _SECRETS)


def restore(backup: Path, data: Path) -> None:
    """Make a data directory of a copy. Raises StackError if the copy is incomplete or the directory is not empty."""
    _require_empty(data)
    missing = [name for name in (DUMP, OBJECTS, _SECRETS) if not (backup / name).exists()]
    if missing:
        raise StackError(f"{backup} is not a complete backup: {', '.join(missing)} is missing.")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy2(backup / _SECRETS, data / _SECRETS)
    secrets = secret_file.load_or_create(data / "secrets.json", SERVICE_NAMES)
    logs = data / "logs"
    logs.mkdir(mode=0o700)
    _restore_database(backup / DUMP, data / "postgres", secrets, logs / "postgres.log")
    store = SeaweedFs(data / "s3", credentials=secrets.s3_admin, log=logs / "seaweedfs.log")
    store.start()
    try:
        store.wait_ready(BUCKET)
        _upload(s3_client(store.endpoint_url, secrets.s3_admin), backup / OBJECTS)
    finally:
        store.stop()


def _restore_database(dump: Path, directory: Path, secrets: Secrets, log: Path) -> None:
    server = Postgres(directory, password=secrets.postgres_superuser_password, log=log)
    server.start()
    try:
        passwords = {spec.name: secrets.database_passwords[spec.name] for spec in SERVICES if spec.has_database}
        password = secrets.postgres_superuser_password
        asyncio.run(bootstrap.prepare_database(server.port, server.superuser, password, passwords))
        _run("pg_restore", "--clean", "--if-exists", f"--dbname={DATABASE}", str(dump), port=server.port,
             secrets=secrets)  # fmt: skip
    finally:
        server.stop()


def _require_empty(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise StackError(f"{directory} is not empty; name a new directory.")


def _download(client: Any, directory: Path) -> None:
    directory.mkdir()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=_PREFIX):
        for item in page.get("Contents", []):
            path = directory / item["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                client.download_file(BUCKET, item["Key"], str(path))
            except ClientError as error:
                # Deleted permanently since the database was copied.
                if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                    raise


def _upload(client: Any, directory: Path) -> None:
    kind = {"ContentType": "audio/midi"}
    for path in directory.rglob("*.mid"):
        client.upload_file(str(path), BUCKET, path.relative_to(directory).as_posix(), ExtraArgs=kind)


def _run(program: str, *arguments: str, port: int, secrets: Secrets) -> None:
    connection = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": Postgres.superuser,
        "PGPASSWORD": secrets.postgres_superuser_password,
        "PGDATABASE": DATABASE,
    }
    done = subprocess.run(
        [str(binary(program)), *arguments], env=os.environ | connection, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StackError(f"{program} failed: {done.stderr.strip()[-500:]}")


def main(arguments: Sequence[str]) -> int:
    """Back up or restore; return 1 after printing an error."""
    parser = argparse.ArgumentParser(prog="python -m euterpe_stack.backup", description=__doc__)
    parser.add_argument("--restore", action="store_true", help="make a data directory of a backup")
    parser.add_argument("backup", type=Path, help="directory of the backup")
    parser.add_argument("data", type=Path, nargs="?", help="data directory; by default EUTERPE_DATA")
    chosen = parser.parse_args(arguments)
    try:
        data = chosen.data or StackSettings.from_environment(os.environ).data
        (restore if chosen.restore else back_up)(*((chosen.backup, data) if chosen.restore else (data, chosen.backup)))
    except StackError as error:
        print(f"euterpe: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
