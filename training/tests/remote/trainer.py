"""Stands for `euterpe-train` where only its files and signals matter: counts epochs, and saves at SIGTERM.

trainer.py crnngan --out RUN --epochs N [--resume]
trainer.py export --out MODELS NAME VERSION
trainer.py evaluate BUNDLE --out FILE
"""

import json
import shutil
import signal
import sys
import time
from pathlib import Path

TINY = Path(__file__).parents[3] / "packages/music/tests/data/tiny/0.0.1"


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


def train() -> int:
    out, epochs = Path(option("--out")), int(option("--epochs"))
    checkpoint, history = out / "checkpoint.pt", out / "history.json"
    if checkpoint.exists() != ("--resume" in sys.argv):
        return 2
    done = int(checkpoint.read_text()) if checkpoint.exists() else 0

    def save(*_: object) -> None:
        (out / "checkpoint.partial").write_text(str(done))
        (out / "checkpoint.partial").replace(checkpoint)
        history.write_text(json.dumps([{"number": n, "g_loss": 1 / (n + 1)} for n in range(done)]))

    def stop(*_: object) -> None:
        save()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    while done < epochs:
        done += 1
        save()
        # A run whose end the test decides.
        time.sleep(0.05 if epochs > 99 else 0)
    return 0


def export() -> int:
    name, version = sys.argv[-2:]
    bundle = Path(option("--out")) / name / version
    shutil.copytree(TINY, bundle)
    manifest = json.loads((TINY / "manifest.json").read_text()) | {"name": name, "version": version}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    return 0


def evaluate() -> int:
    if "--wrong" in sys.argv:
        return 2
    out = Path(option("--out"))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"overlap_area": 0.9, "overlap_area_ceiling": 0.95, "bundle": sys.argv[2]}))
    return 0


if __name__ == "__main__":
    sys.exit({"crnngan": train, "export": export, "evaluate": evaluate}[sys.argv[1]]())
