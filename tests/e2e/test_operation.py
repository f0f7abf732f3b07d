"""Restarts, crashes and wrong configuration of an installation."""

import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e


def start_second(product: Any, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "euterpe_stack"],
        env=product.environment() | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_songs_and_logins_survive_a_restart_and_a_killed_supervisor(own_product: Any) -> None:
    own_product.start()
    with own_product.log_in_new_user() as client:
        request = {"length": 60, "seed": 3, "title": "Kept"}
        client.post("/generations", json=request, headers={"Prefer": "wait=60"}).raise_for_status()
        before = client.get("/songs").json()["items"]
        midi = client.get(f"/songs/{before[0]['id']}/midi").content
        audio = client.get(f"/audio/{before[0]['id']}.mp3").content

        def is_unchanged() -> bool:
            songs = client.get("/songs").json()["items"]
            files = [
                client.get(path).content for path in (f"/songs/{songs[0]['id']}/midi", f"/audio/{songs[0]['id']}.mp3")
            ]
            return [songs, *files] == [before, midi, audio]

        assert own_product.processes()
        assert own_product.stop(signal.SIGINT) == 0
        assert own_product.processes() == {}
        own_product.start()
        assert is_unchanged()

        own_product.kill()
        own_product.start()
        assert is_unchanged()
    assert own_product.stop(signal.SIGTERM) == 0
    assert own_product.processes() == {}


@pytest.mark.parametrize(
    "until",
    [
        "postgres",
        "logs/migrations.log",
        pytest.param("secrets.json", marks=pytest.mark.slow),
        pytest.param("logs/generator.log", marks=pytest.mark.slow),
    ],
)
def test_product_starts_after_an_interrupted_first_start(own_product: Any, until: str) -> None:
    own_product.launch()
    own_product.wait_for((own_product.data / until).exists)
    assert own_product.stop(signal.SIGINT) == 0
    assert own_product.processes() == {}
    own_product.start()
    assert httpx.get(f"{own_product.url}/readyz").status_code == 200


def test_directory_or_port_in_use_is_reported(product: Any, tmp_path: Any) -> None:
    same_directory = start_second(product, EUTERPE_PORT="1")
    assert same_directory.returncode == 1
    assert same_directory.stderr == (
        f"euterpe: Euterpe is already running in {product.data}; stop it, or set EUTERPE_DATA to another directory.\n"
    )
    same_port = start_second(product, EUTERPE_DATA=str(tmp_path / "other"))
    assert same_port.returncode == 1
    assert same_port.stderr == f"euterpe: Port {product.port} is in use; set EUTERPE_PORT to another port.\n"
    assert httpx.get(f"{product.url}/readyz").status_code == 200


def test_no_secret_is_on_a_command_line_or_readable_by_others(product: Any) -> None:
    def values(content: Any) -> list[str]:
        if isinstance(content, dict):
            return [value for inner in content.values() for value in values(inner)]
        return [content]

    kept = [value for value in values(product.secrets()) if not value.startswith("euterpe-")]
    commands = " ".join(product.processes().values())
    logs = "".join(log.read_text(errors="replace") for log in (product.data / "logs").iterdir())
    for secret in kept:
        assert secret not in commands
        assert secret not in logs
    assert (product.data / "secrets.json").stat().st_mode & 0o077 == 0
