"""The quick start of the Python client."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from euterpe_client import ApiError, Euterpe

pytestmark = pytest.mark.e2e

README = Path(__file__).parents[2] / "clients/python/README.md"


def test_the_quick_start(product: Any, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    code = code.replace("http://localhost:8080", product.url)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    song, refused = done.stdout.splitlines()
    assert re.fullmatch(r"Dawn 7 \d+\.\d+", song)
    assert refused == "422 body.length"
    assert (tmp_path / "dawn.mid").read_bytes()[:4] == b"MThd"
    assert len((tmp_path / "dawn.mp3").read_bytes()) > 10_000


def test_guest_registers_and_api_key_is_restricted(product: Any) -> None:
    with Euterpe(product.url) as euterpe, Euterpe(product.url) as program:
        piece = euterpe.begin_as_guest().compose(length=30)
        euterpe.register("client-tester", "a password of the test's")
        assert [song["id"] for song in euterpe.list_songs()["items"]] == [piece["song_id"]]
        key = euterpe.create_api_key({"name": "program", "scopes": ["songs:read"], "expires_in_days": 1})
        program.use_api_key(key["api_key"])
        assert program.get_song(str(piece["song_id"]))["author"] == "client-tester"
        with pytest.raises(ApiError) as refused:
            program.delete_song(str(piece["song_id"]))
        assert (refused.value.status, refused.value.type) == (403, "/problems/insufficient-scope")
        names = [event.name for event in euterpe.follow_generation(piece["id"])]
        assert names[-1] == "done"


def test_logins_are_renewed(product: Any) -> None:
    with Euterpe(product.url) as euterpe:
        euterpe.begin_as_guest()
        who, token = euterpe.read_me()["id"], euterpe._token
        euterpe._renew_at = 0.0
        assert euterpe.read_me()["id"] == who
        assert euterpe._token != token
