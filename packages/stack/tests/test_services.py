"""The environment of each service."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from euterpe_stack import secret_file
from euterpe_stack.object_store import S3Credentials, SeaweedFs, s3_client
from euterpe_stack.postgres import Postgres
from euterpe_stack.services import BUCKET, SERVICE_NAMES, SERVICES, ServiceEnvironments, ServicePorts, s3_users
from euterpe_stack.settings import StackSettings


def environments(directory: Path, **chosen: str) -> dict[str, dict[str, str]]:
    settings = StackSettings.from_environment({"EUTERPE_DATA": str(directory), **chosen})
    secrets = secret_file.load_or_create(directory / "secrets.json", SERVICE_NAMES)
    postgres = Postgres(directory / "postgres", password="x", log=directory / "log")
    found = ServiceEnvironments(settings, secrets, ServicePorts(), postgres, "http://127.0.0.1:1")
    return {spec.name: found.of(spec) for spec in SERVICES}


def test_rate_limits_are_high_unless_they_are_set(tmp_path: Path) -> None:
    found = environments(tmp_path, EUTERPE_LIBRARY_TOKEN_REQUESTS_PER_MINUTE="5")
    assert found["library"]["EUTERPE_LIBRARY_TOKEN_REQUESTS_PER_MINUTE"] == "5"
    assert int(found["library"]["EUTERPE_LIBRARY_ADDRESS_REQUESTS_PER_MINUTE"]) > 100_000
    assert int(found["auth"]["EUTERPE_AUTH_TOKEN_REQUESTS_PER_MINUTE"]) > 100_000


def test_addresses_cannot_be_overridden(tmp_path: Path) -> None:
    found = environments(tmp_path, EUTERPE_AUTH_GENERATOR_TARGET="elsewhere:1", EUTERPE_AUTH_PORT="1")
    assert found["auth"]["EUTERPE_AUTH_GENERATOR_TARGET"].startswith("127.0.0.1:")
    assert found["auth"]["EUTERPE_AUTH_PORT"] != "1"


_HASH_IN_FOUR_THREADS = """
import threading
from pathlib import Path
from argon2 import PasswordHasher

def anonymous_kilobytes():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))

hasher = PasswordHasher(time_cost=1, memory_cost=19 * 1024, parallelism=1)
before = anonymous_kilobytes()
for _ in range(2):
    threads = [threading.Thread(target=hasher.hash, args=["a password"]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(anonymous_kilobytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="tunables of glibc")
def test_auth_keeps_no_memory_of_password_hashes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HASH_IN_FOUR_THREADS]
    environment = environments(tmp_path)["auth"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    # One hash takes 19 MiB.
    assert int(done.stdout) < 6_000


def test_mails_are_written_into_the_data_directory_unless_a_mail_server_is_set(tmp_path: Path) -> None:
    found = environments(tmp_path, EUTERPE_PORT="8081")["auth"]
    assert found["EUTERPE_AUTH_MAIL_FOLDER"] == str(tmp_path / "mail")
    assert found["EUTERPE_AUTH_PUBLIC_URL"] == "http://localhost:8081"
    chosen = {"SMTP_HOST": "mail.example", "MAIL_FROM": "a@b.example", "PUBLIC_URL": "https://music.example"}
    found = environments(tmp_path, **{f"EUTERPE_AUTH_{name}": value for name, value in chosen.items()})["auth"]
    assert "EUTERPE_AUTH_MAIL_FOLDER" not in found
    assert found["EUTERPE_AUTH_PUBLIC_URL"] == "https://music.example"


#: What each service does with keys in the bucket; everything else is refused.
_ACCESS = {
    "library": {"midi/": "read write list", "pictures/": "read write list", "audio/": "write list"},
    "generator": {"midi/": "read write list"},
    "converter": {"midi/": "read list", "audio/": "read write list", "sf2/": "read list"},
}


def test_each_service_reaches_only_its_own_objects(tmp_path: Path) -> None:
    settings = StackSettings.from_environment({"EUTERPE_CONVERTER_SOUNDFONTS_PREFIX": "sf2/"})
    secrets = secret_file.load_or_create(tmp_path / "secrets.json", SERVICE_NAMES)
    users = s3_users(secrets, settings)
    server = SeaweedFs(tmp_path / "s3", credentials=secrets.s3_admin, log=tmp_path / "log", users=users)
    server.start()
    server.wait_ready(BUCKET)
    prefixes = ("midi/", "pictures/", "audio/", "sf2/", "models/", "")
    try:
        for prefix in prefixes:
            operator = s3_client(server.endpoint_url, secrets.s3_admin)
            operator.put_object(Bucket=BUCKET, Key=f"{prefix}object", Body=b"x")
        found = {
            user.name: {
                prefix: access
                for prefix in prefixes
                if (access := permitted(server.endpoint_url, user.credentials, prefix))
            }
            for user in users
        }
        assert found == _ACCESS
    finally:
        server.stop()


def permitted(endpoint_url: str, credentials: S3Credentials, prefix: str) -> str:
    """Return which of reading, writing and listing succeed."""
    client = s3_client(endpoint_url, credentials)
    calls = {
        "read": lambda: client.get_object(Bucket=BUCKET, Key=f"{prefix}object"),
        "write": lambda: client.put_object(Bucket=BUCKET, Key=f"{prefix}new", Body=b"x"),
        "list": lambda: client.list_objects_v2(Bucket=BUCKET, Prefix=prefix),
    }
    succeeded = []
    for name, call in calls.items():
        with suppress(ClientError):
            call()
            succeeded.append(name)
    return " ".join(succeeded)
