"""What is installed: the same versions everywhere, no addresses, and no torch in a service."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = ("auth", "library", "generator", "converter")


def pins(path: Path) -> dict[str, str]:
    lines = (line.partition(";")[0].strip(" \\") for line in path.read_text().splitlines())
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def lock_files(root: Path) -> list[Path]:
    return [
        *root.glob("requirements/*.txt"),
        *root.glob("services/*/requirements.txt"),
        *root.glob("deploy/images/*/requirements.txt"),
        root / "training/requirements.txt",
    ]


def test_lock_files_hold_no_addresses(root: Path) -> None:
    assert len(lock_files(root)) >= 7
    for path in lock_files(root):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", path.read_text()), path


def test_every_pin_has_hashes(root: Path) -> None:
    for path in lock_files(root):
        text = path.read_text().replace("\\\n", " ")
        entries = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        assert entries, path
        assert not [line for line in entries if "--hash=sha256:" not in line], path


def test_every_installation_requires_hashes(root: Path) -> None:
    """Except of torch, whose builds differ between machines, and of members of this repository (`--no-deps`)."""
    unchecked = []
    installers = ("Makefile", "deploy/images/install-python", "deploy/images/training/install-training")
    for path in (root / name for name in installers):
        lines = path.read_text().replace("\\\n", " ").splitlines()
        unchecked += [
            line.strip()
            for line in lines
            if re.search(r"pip install ", line) and not re.search(r"--require-hashes|--no-deps|/torch.txt", line)
        ]
    assert not unchecked


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_pins_are_the_common_ones(root: Path, service: str) -> None:
    common = pins(root / "requirements/dev.txt")
    own = pins(root / f"services/{service}/requirements.txt")
    assert {"fastapi", "uvicorn"} <= own.keys()
    assert own.items() <= common.items()


@pytest.mark.parametrize("service", SERVICES)
def test_every_dependency_of_a_service_is_pinned(root: Path, service: str) -> None:
    own = pins(root / f"services/{service}/requirements.txt")
    text = (root / f"services/{service}/pyproject.toml").read_text()
    declared = re.search(r"^dependencies = \[(.*?)^\]", text, re.M | re.S)
    assert declared
    names = re.findall(r'"([A-Za-z0-9_-]+)', declared.group(1))
    assert {name.lower() for name in names if not name.startswith("euterpe-")} <= own.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_torch(service: str) -> None:
    code = (
        f"import sys, euterpe_{service}.app\n"
        "heavy = {'torch', 'matplotlib', 'euterpe_training'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("service", SERVICES)
def test_torch_is_no_requirement_of_a_service(root: Path, service: str) -> None:
    assert "torch" not in pins(root / f"services/{service}/requirements.txt")
