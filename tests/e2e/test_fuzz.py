"""Requests that schemathesis generates from the OpenAPI document: no 5xx and no undocumented response."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import TEST_MODELS, Product

REPOSITORY = Path(__file__).resolve().parents[2]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product with the smallest model, as many of the requests are valid and start a generation."""
    product = Product(tmp_path_factory.mktemp("fuzzed"), models=TEST_MODELS)
    product.start()
    yield product
    product.stop()


def _fuzz(product: Product, directory: Path, *options: str) -> dict[str, Any]:
    """Run schemathesis with a login and return its report."""
    report = directory / "report.json"
    with product.log_in_new_user() as user:
        credential = f"Authorization: {user.headers['Authorization']}"
    command = [
        str(Path(sysconfig.get_path("scripts")) / "schemathesis"), "run", f"{product.url}/api/v1/openapi.json",
        "--header", credential, "--checks", CHECKS, "--continue-on-failure", "--no-shrink", "--warnings", "off",
        # Generous timeouts: a slow machine is not an error of the API.
        "--workers", "2", "--request-timeout", "60", "--suppress-health-check", "all",
        "--report", "json", "--report-json-path", str(report), *options,
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.e2e.fuzz", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(report.read_text())
    return found


@pytest.mark.e2e
def test_hundreds_of_generated_requests(busy: Product, tmp_path: Path) -> None:
    found = _fuzz(busy, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "4", "--seed", "1")
    assert found["operations"]["tested"] == found["operations"]["total"]
    assert found["test_cases"]["generated"] >= 250


@pytest.mark.fuzz
def test_thousands_of_generated_requests(busy: Product, tmp_path: Path) -> None:
    found = _fuzz(busy, tmp_path, "--phases", "examples,coverage,fuzzing", "--max-examples", "40")
    print(json.dumps({"fuzz_cases": found["test_cases"]["generated"], "fuzz_seconds": found["running_time"]}))
    assert found["operations"]["tested"] == found["operations"]["total"]
    assert found["test_cases"]["generated"] >= 5_000
