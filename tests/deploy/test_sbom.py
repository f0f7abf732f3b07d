"""The software bill of materials of an image."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = "libc6 2.36-9+deb12u13 amd64\nfluid-soundfont-gm 3.1-5.3 all\n"


def _bill(requirements: str) -> dict[str, Any]:
    command = [ROOT / "scripts/write-sbom", "euterpe-auth", "1.2.3", ROOT / requirements]
    bill: dict[str, Any] = json.loads(
        subprocess.run(command, input=DEBIAN, text=True, capture_output=True, check=True).stdout
    )
    return bill


@pytest.mark.parametrize(
    "requirements",
    [
        "services/auth/requirements.txt",
        "services/generator/requirements-cuda.txt",
        "deploy/images/web/requirements.txt",
        "deploy/images/trial/requirements.txt",
    ],
)
def test_every_pinned_package_is_a_component_with_its_hashes(requirements: str) -> None:
    bill = _bill(requirements)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "euterpe-auth"
    text = (ROOT / requirements).read_text()
    python = [each for each in bill["components"] if each["purl"].startswith("pkg:pypi/")]
    assert len(python) == len(re.findall("^[a-z].*==", text, re.M))
    assert sum(len(each["properties"]) for each in python) == text.count("--hash=sha256:") > 0
    assert len({each["bom-ref"] for each in bill["components"]}) == len(bill["components"])


def test_packages_of_the_system_are_components() -> None:
    purls = [each["purl"] for each in _bill("services/auth/requirements.txt")["components"]]
    assert "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64" in purls
