"""The examples of docs/guides/api.md, run in order."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

GUIDE = Path(__file__).parents[2] / "docs/guides/api.md"


def test_the_examples(product: Any, tmp_path: Path, anonymous: httpx.Client) -> None:
    examples = "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.S))
    # `--fail-with-body`: a refused example must fail the test.
    script = examples.replace("http://localhost:8080", product.url).replace("curl -s ", "curl -sS --fail-with-body ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "event: done" in done.stdout
    assert (tmp_path / "dawn.mid").read_bytes()[:4] == b"MThd"
    for audio in ("dawn.mp3", "nocturne.mp3"):
        assert len((tmp_path / audio).read_bytes()) > 10_000
    found = json.loads(done.stdout[done.stdout.rindex('{"items"') :])
    assert [(song["title"], song["author"], song["tags"]) for song in found["items"]] == [
        ("Nocturne", "clara", ["night"])
    ]


def test_every_route_of_the_guide_exists(anonymous: httpx.Client) -> None:
    """Every route in the tables is in the OpenAPI document."""
    paths = {re.sub(r"\{\w+\}", "{}", path) for path in anonymous.get("/openapi.json").json()["paths"]}
    named = re.findall(r"(?:GET|POST|PUT|PATCH|DELETE) (/[a-z0-9/{}._-]+)", GUIDE.read_text())
    assert len(named) > 25
    for name in named:
        path = re.sub(r"\{\w+\}", "{}", name.removeprefix("/api/v1"))
        assert f"/api/v1{path}" in paths, name
