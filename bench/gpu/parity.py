"""Compose the same pieces on the CPU and on the device, and compare them event by event.

Rounding differs between devices, so that a draw on the border of two values may differ, and all events after it. What
counts is that most pieces are equal for long: the share of equal events, and of equal first halves.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import bundles, options, require_provider, run

_PIECES, _STEPS, _BARS = 16, 400, 16


def check(given: argparse.Namespace) -> dict[str, Any]:
    """Compare all bundles, in fp32 on both sides."""
    require_provider(given.device)
    rows = []
    for bundle in bundles(given.models):
        ours, theirs = (_in_process(bundle, device, given) for device in ("cpu", given.device))
        shares = [_equal_share(first, second) for first, second in zip(ours, theirs, strict=True)]
        rows.append(
            {
                "bundle": f"{bundle.parent.name} {bundle.name}",
                "pieces": len(shares),
                "equal pieces": f"{np.mean(np.array(shares) == 1.0):.0%}",
                "equal until": f"{np.mean(shares):.0%} of the events",
            }
        )
    return {"rows": rows}


def _equal_share(first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of a piece's events before the first one that differs."""
    shorter = min(len(first), len(second))
    differs = np.flatnonzero((np.abs(first[:shorter] - second[:shorter]) > 1e-3).reshape(shorter, -1).any(axis=1))
    equal = int(differs[0]) if len(differs) else shorter
    return equal / max(len(first), len(second), 1)


def _in_process(bundle: Path, device: str, given: argparse.Namespace) -> list[np.ndarray]:
    """Compose in a process that sees only this device: ONNX Runtime chooses its provider at the start."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "pieces.npz"
        environment = os.environ | ({"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {})
        flags = ["--device", device, "--models", str(bundle), "--out", str(out), *(["--tiny"] if given.tiny else [])]
        subprocess.run([sys.executable, __file__, *flags, "--side"], check=True, env=environment)
        with np.load(out) as saved:
            return [saved[f"piece{number}"] for number in range(len(saved.files))]


def compose_side(given: argparse.Namespace) -> None:
    """Compose with the bundle in `models` and save the events."""
    from composing import compose
    from euterpe_generator.models.loader import load_model

    pieces, steps, bars = (2, 40, 4) if given.tiny else (_PIECES, _STEPS, _BARS)
    model = load_model(given.models, pieces, "fp32")
    if given.device == "cuda" and "CUDA" not in model.provider:
        raise RuntimeError(f"{model.key} runs on {model.provider}, not on CUDA")
    made = compose(model, pieces, steps, bars).pieces
    np.savez(given.out, **{f"piece{number}": piece for number, piece in enumerate(made)})


if __name__ == "__main__":
    if "--side" in sys.argv:
        sys.argv.remove("--side")
        compose_side(options())
    else:
        run(check)
