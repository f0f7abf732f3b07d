"""Versions, device and execution providers."""

import argparse
import platform
from importlib import metadata
from typing import Any

from common import run

_PACKAGES = ("torch", "onnxruntime", "onnxruntime-gpu", "numpy")


def check(options: argparse.Namespace) -> dict[str, Any]:
    """Return what is installed and what it can use; nothing here fails."""
    versions = {name: _version(name) for name in _PACKAGES}
    found: dict[str, Any] = {"python": platform.python_version(), **versions, "requested": options.device}
    if versions["onnxruntime"] or versions["onnxruntime-gpu"]:
        import onnxruntime

        found["providers"] = ", ".join(onnxruntime.get_available_providers())
    if versions["torch"]:
        import torch

        found["cuda"] = torch.version.cuda or "none"
        if torch.cuda.is_available():
            properties = torch.cuda.get_device_properties(0)
            found |= {"gpu": properties.name, "gpu_memory_gib": round(properties.total_memory / 2**30, 1)}
    return {"rows": [{"what": name, "value": value or "not installed"} for name, value in found.items()]}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    run(check)
