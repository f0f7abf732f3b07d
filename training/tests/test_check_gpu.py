"""The script for machines with a GPU must not fail there for reasons that a CPU shows, too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from euterpe_test_kit.melodies import melody_bundle

pytest.importorskip("torch")
_ROOT = Path(__file__).parents[2]


def _check_gpu(tmp_path: Path, *flags: str) -> tuple[int, dict[str, dict[str, object]]]:
    melody_bundle(tmp_path / "models")
    out = tmp_path / "gpu-results.json"
    command = [
        sys.executable,
        _ROOT / "bench" / "check_gpu.py",
        "--tiny",
        "--models",
        tmp_path / "models",
        "--out",
        out,
    ]
    ended = subprocess.run([*command, *flags], check=False, capture_output=True)
    return ended.returncode, json.loads(out.read_text())["checks"]


def test_all_checks_pass_on_a_cpu(tmp_path: Path) -> None:
    status, checks = _check_gpu(tmp_path, "--device", "cpu", "--seconds", "900")
    assert {name: check["status"] for name, check in checks.items()} == dict.fromkeys(
        ("environment", "parity", "streams", "training", "export"), "ok"
    ), checks
    assert status == 0
    assert checks["parity"]["results"]["rows"][0]["equal pieces"] == "100%"  # type: ignore[index]
    assert checks["training"]["results"]["relative_difference_of_first_loss"] == 0  # type: ignore[index]


@pytest.mark.skipif("sys.modules['torch'].cuda.is_available()", reason="this machine has a GPU")
def test_what_cannot_run_here_says_so(tmp_path: Path) -> None:
    status, checks = _check_gpu(tmp_path, "--device", "cuda", "--only", "streams", "--only", "training")
    assert {name: check["status"] for name, check in checks.items()} == {"streams": "not run", "training": "not run"}
    assert "install onnxruntime-gpu" in str(checks["streams"]["reason"])
    assert status == 0


def test_a_check_that_fails_fails_the_script(tmp_path: Path) -> None:
    broken = tmp_path / "models" / "broken" / "1.0.0"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{}")
    status, checks = _check_gpu(tmp_path, "--device", "cpu", "--only", "streams")
    assert (status, checks["streams"]["status"]) == (1, "failed")
