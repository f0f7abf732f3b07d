"""The environment of each service."""

import subprocess
import sys
from pathlib import Path

import pytest
from euterpe_stack import secret_file
from euterpe_stack.postgres import Postgres
from euterpe_stack.services import SERVICE_NAMES, SERVICES, ServiceEnvironments, ServicePorts
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
