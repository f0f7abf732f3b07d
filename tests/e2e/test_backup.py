"""A backup of the running product is restored, with everything that was in it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e


def _backup(*arguments: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "euterpe_stack.backup", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_backup_of_a_running_product_is_restored(product: Product, tmp_path: Path) -> None:
    account = {"username": "wieck", "password": "Three romances, op. 11"}
    form = {"grant_type": "password", **account}
    with product.client() as client:
        client.post("/auth/users", json=account).raise_for_status()
        tokens = client.post("/auth/token", data=form).raise_for_status().json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        body = {"length": 50, "title": "Romance"}
        done = client.post("/generations", json=body, headers=headers | {"Prefer": "wait=60"}).json()
        midi = client.get(f"/songs/{done['song_id']}/midi", headers=headers).raise_for_status().content
    backup = tmp_path / "backup"
    made = _backup(backup, product.data)
    assert made.returncode == 0, made.stderr
    assert _backup(backup, product.data).returncode == 1, "a second backup overwrote the first"

    restored = Product(tmp_path / "restored")
    restored.data.parent.mkdir()
    made = _backup("--restore", backup, restored.data)
    assert made.returncode == 0, made.stderr
    restored.start()
    try:
        with restored.client() as client:
            # The old session is continued: signing keys and refresh tokens are restored.
            pair = (
                client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).raise_for_status().json()
            )
            headers = {"Authorization": f"Bearer {pair['access_token']}"}
            (song,) = client.get("/songs", headers=headers).json()["items"]
            assert song["title"] == "Romance"
            assert client.get(f"/songs/{song['id']}/midi", headers=headers).content == midi
            assert client.get(f"/audio/{song['id']}.mp3", headers=headers).status_code == 200
            done = client.post("/generations", json={"length": 20}, headers=headers | {"Prefer": "wait=60"}).json()
            assert done["status"] == "succeeded"
    finally:
        restored.stop()


def test_an_incomplete_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    refused = _backup("--restore", tmp_path / "backup", tmp_path / "data")
    assert (refused.returncode, "database.dump" in refused.stderr) == (1, True)
    assert "not running" in _backup(tmp_path / "new", tmp_path / "data").stderr
