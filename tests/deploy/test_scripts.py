"""Linters of Dockerfiles and shell scripts, and properties of Dockerfiles that need no build."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.deploy.rendering import REPOSITORY

DOCKERFILES = sorted([*REPOSITORY.glob("services/*/Dockerfile"), *REPOSITORY.glob("deploy/images/*/Dockerfile")])
TOOLS = Path(sysconfig.get_path("scripts"))


def shell_scripts() -> list[Path]:
    """All files that start with a shell's #! line."""
    folders = ("scripts", "deploy/images", ".ci")
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    return [path for path in files if path.read_bytes()[:40].startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint_passes(path: Path) -> None:
    done = subprocess.run([TOOLS / "hadolint", path], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout


def test_shellcheck_passes() -> None:
    scripts = shell_scripts()
    assert len(scripts) >= 5
    done = subprocess.run([TOOLS / "shellcheck", *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_the_last_stage_is_unprivileged(path: Path) -> None:
    text = path.read_text()
    assert text.count("\nARG BASE_IMAGE=") == 1
    last = text[text.rindex("\nFROM ") :]
    assert "\nUSER 10001:10001\n" in last
    assert "HEALTHCHECK" not in text
    assert "python3-venv" not in last
    assert "gcc" not in last
    assert 'org.opencontainers.image.licenses="Apache-2.0"' in last


def test_every_service_has_its_image() -> None:
    services = {path.parent.name for path in REPOSITORY.glob("services/*/pyproject.toml")}
    assert services <= {path.parent.name for path in DOCKERFILES}
