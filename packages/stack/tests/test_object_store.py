"""The private S3 server keeps acknowledged objects and refuses requests without a key."""

import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from euterpe_stack.object_store import S3Credentials, SeaweedFs

BUCKET = "euterpe"
CREDENTIALS = S3Credentials("test-key", secrets.token_hex(16))


def client_of(server: SeaweedFs, secret: str = CREDENTIALS.secret_access_key) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS.access_key_id,
        aws_secret_access_key=secret,
    )


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_objects_survive_a_restart(tmp_path: Path, end: str) -> None:
    first = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    first.start()
    first.wait_ready(BUCKET)
    contents = {f"midi/{number}.mid": secrets.token_bytes(1 + number * 1000) for number in range(40)}
    client = client_of(first)

    def put(key: str) -> None:
        client.put_object(Bucket=BUCKET, Key=key, Body=contents[key])

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(put, contents))
    first.stop() if end == "stop" else first.process.kill()

    # Another start finds other ports, as after a restart of the machine.
    second = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    second.start()
    second.wait_ready(BUCKET)
    try:
        client = client_of(second)
        found = {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in contents}
        assert found == contents
    finally:
        second.stop()


def test_a_killed_server_restarts_at_the_same_address(tmp_path: Path) -> None:
    server = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    server.start()
    server.wait_ready(BUCKET)
    address = server.endpoint_url
    client_of(server).put_object(Bucket=BUCKET, Key="kept", Body=b"before")
    server.process.kill()
    server.start()
    try:
        server.wait_ready(BUCKET)
        assert server.endpoint_url == address
        assert client_of(server).get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"before"
    finally:
        server.stop()


def test_requests_without_a_key_are_refused(tmp_path: Path) -> None:
    server = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    server.start()
    server.wait_ready(BUCKET)
    try:
        client_of(server).put_object(Bucket=BUCKET, Key="song", Body=b"mine")
        assert httpx.get(f"{server.endpoint_url}/{BUCKET}/song").status_code == 403
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            client_of(server, "guessed").get_object(Bucket=BUCKET, Key="song")
        ports = listening_ports(server.process.pid)
        assert int(server.endpoint_url.rpartition(":")[2]) in ports
        for port in ports:
            assert b"mine" not in body_of(f"http://127.0.0.1:{port}/buckets/{BUCKET}/song")
            assert b"mine" not in body_of(f"http://127.0.0.1:{port}/1,01")
    finally:
        server.stop()


def body_of(url: str) -> bytes:
    try:
        return httpx.get(url).content
    except httpx.HTTPError:  # a gRPC port does not speak HTTP/1
        return b""


def listening_ports(pid: int) -> list[int]:
    """The TCP ports on which a process listens, all of which must be on loopback."""
    inodes = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    ports = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                address, port = fields[1].split(":")
                assert address == "0100007F", f"port {int(port, 16)} is not on loopback: {address}"
                ports.append(int(port, 16))
    return ports


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_garbage_of_uploads_is_collected_early(tmp_path: Path) -> None:
    server = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    server.start()
    server.wait_ready(BUCKET)
    try:
        client, audio, midi = client_of(server), secrets.token_bytes(1_000_000), secrets.token_bytes(5_000)
        before = anonymous_bytes(server.process.pid)
        for number in range(400):
            client.put_object(Bucket=BUCKET, Key=f"midi/{number}.mid", Body=midi)
            if number % 10 == 0:
                client.put_object(Bucket=BUCKET, Key=f"audio/{number}.mp3", Body=audio)
        assert anonymous_bytes(server.process.pid) - before < 48_000_000
    finally:
        server.stop()


def anonymous_bytes(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))


def test_each_bucket_has_one_database_of_metadata(tmp_path: Path) -> None:
    # Eight databases have 400 MB more of buffers and caches, which objects fill in the course of days.
    server = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    server.start()
    server.wait_ready(BUCKET)
    try:
        client_of(server).put_object(Bucket=BUCKET, Key="song", Body=b"mine")
        databases = {path.parent for path in (tmp_path / "s3").glob("filer*/*/CURRENT")}
        # SeaweedFS has a bucket for itself.
        assert databases == {tmp_path / "s3" / "filerldb3" / name for name in ("_main", ".system", BUCKET)}
    finally:
        server.stop()


def test_objects_of_earlier_versions_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SeaweedFs(tmp_path / "s3", credentials=CREDENTIALS, log=tmp_path / "log")
    with monkeypatch.context() as earlier:
        earlier.setattr("euterpe_stack.object_store.memory_settings", lambda _: {"GOGC": "10"})
        server.start()
    server.wait_ready(BUCKET)
    client_of(server).put_object(Bucket=BUCKET, Key="song", Body=b"mine")
    server.stop()
    server.start()
    server.wait_ready(BUCKET)
    try:
        assert client_of(server).get_object(Bucket=BUCKET, Key="song")["Body"].read() == b"mine"
    finally:
        server.stop()
