"""`make check-gpu`: does everything that should run on CUDA, and how fast is it there compared with this CPU?

Runs in about ten minutes without a network. Each check runs in a process of its own, so that one that fails, hangs or
crashes leaves the others; one that lacks a library is listed as not run. ARGS="--tiny --device cpu" rehearses all of it
without a GPU. Results are written after each check.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CHECKS = {
    "environment": "versions, device and execution providers",
    "parity": "pieces of every bundle, CPU against the device, fp32",
    "streams": "events per second of every bundle by concurrent pieces",
    "training": "training events per second and loss, CPU against the device",
    "export": "a short training on the device, exported, loaded and composed with",
}
_NOT_RUN = 3


def run_check(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one check in a child process; return its status, its seconds, and its results or the reason."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "results.json"
        flags = ["--device", options.device, "--out", str(out), "--models", str(options.models)]
        command = [sys.executable, str(Path(__file__).parent / "gpu" / f"{name}.py"), *flags]
        command += ["--tiny"] if options.tiny else []
        try:
            child = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=options.seconds, check=False)
        except subprocess.TimeoutExpired:
            return {"status": "failed", "seconds": options.seconds, "reason": f"not done in {options.seconds:.0f} s"}
        result: dict[str, Any] = {"seconds": round(time.monotonic() - started, 1)}
        if child.returncode == 0:
            return {"status": "ok", **result, "results": json.loads(out.read_text())}
        lines = child.stderr.strip().splitlines() or [f"ended with status {child.returncode}"]
        sys.stderr.write(child.stderr)
        return {"status": "not run" if child.returncode == _NOT_RUN else "failed", **result, "reason": lines[-1]}


def table(report: dict[str, Any]) -> list[str]:
    """Return the report as Markdown."""
    lines = ["| check | status | seconds | what |", "|---|---|---:|---|"]
    for name, check in report["checks"].items():
        lines.append(f"| {name} | {check['status']} | {check['seconds']:.0f} | {check.get('reason', CHECKS[name])} |")
    for name, check in report["checks"].items():
        rows = check.get("results", {}).get("rows", [])
        if rows:
            columns = list(rows[0])
            lines += ["", f"**{name}**", "", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
            lines += [f"| {' | '.join(str(row.get(column, '')) for column in columns)} |" for row in rows]
    return lines


def main() -> int:
    """Run the checks and write the report; the status is 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="smallest sizes, to rehearse")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--only", action="append", choices=list(CHECKS), help="a check to run; repeatable")
    parser.add_argument("--seconds", type=float, default=240.0, help="limit of one check")
    parser.add_argument("--out", type=Path, default=Path("gpu-results.json"))
    options = parser.parse_args()
    report: dict[str, Any] = {"device": options.device, "tiny": options.tiny, "cpus": os.cpu_count(), "checks": {}}
    for name in options.only or CHECKS:
        print(f"{name}: {CHECKS[name]} ...", file=sys.stderr, flush=True)
        report["checks"][name] = run_check(name, options)
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(report)))
    return int(any(check["status"] == "failed" for check in report["checks"].values()))


if __name__ == "__main__":
    sys.exit(main())
