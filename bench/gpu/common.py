"""What the checks of `make check-gpu` share."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from euterpe_generator.domain.versions import version_key

_NOT_RUN = 3


def options() -> argparse.Namespace:
    """Read the arguments that `check_gpu.py` gives to each check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=("cuda", "cpu"), required=True)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def not_run(reason: str) -> NoReturn:
    """End the check as one that cannot run here."""
    print(reason, file=sys.stderr)
    sys.exit(_NOT_RUN)


def require_provider(device: str) -> None:
    """End the check unless ONNX Runtime has an execution provider for the device."""
    try:
        import onnxruntime
    except ImportError:
        not_run("onnxruntime is not installed")
    provider = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}[device]
    if provider not in onnxruntime.get_available_providers():
        not_run(f"this onnxruntime has no {provider}: install onnxruntime-gpu[cuda,cudnn]")


def require_torch(device: str) -> None:
    """End the check unless PyTorch can use the device."""
    try:
        import torch
    except ImportError:
        not_run("torch is not installed")
    if device == "cuda" and not torch.cuda.is_available():
        not_run(f"torch {torch.__version__} sees no CUDA device")


def bundles(models: Path) -> list[Path]:
    """Return the latest version of each composing model."""
    found: dict[str, Path] = {}
    for manifest in models.glob("*/*/manifest.json"):
        version = manifest.parent
        known = found.get(version.parent.name)
        if known is None or version_key(version.name) > version_key(known.name):
            found[version.parent.name] = version
    return [found[name] for name in sorted(found)]


def run(check: Callable[[argparse.Namespace], dict[str, Any]]) -> None:
    """Run a check and write its results."""
    given = options()
    given.out.write_text(json.dumps(check(given)), encoding="utf-8")
