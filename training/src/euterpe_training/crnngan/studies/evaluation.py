"""The evaluation of a finished run of the study, as `euterpe-train evaluate` does it."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from euterpe_training.bundle_label import BundleLabel
from euterpe_training.crnngan.evaluation.reference import MIN_SONGS, Reference
from euterpe_training.crnngan.evaluation.report import evaluate
from euterpe_training.crnngan.export.release import export_generator
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.files import write_atomically

_REPORT_FILE: Final = "evaluation.json"
_EVENTS: Final = 100


def evaluate_run(trainer: Trainer, run: Path) -> dict[str, Any]:
    """Evaluate the run's generator against its test songs, once; the result is stored in the directory `run`.

    Return an empty report when there are too few test songs that are long enough.
    """
    path = run / _REPORT_FILE
    test = trainer.songs["test"]
    test = test[np.diff(trainer.corpus.offsets)[test] >= _EVENTS]
    if len(test) < MIN_SONGS:
        return {}
    if not path.exists():
        name = trainer.config.recipe
        bundle = export_generator(trainer, run / "bundle", BundleLabel(name, "0.1.0", name, ""))
        reference = Reference(trainer.corpus, bundle.spec, test, trainer.songs["train"], stated=True)
        write_atomically(path, json.dumps(evaluate(bundle, reference, length=_EVENTS), indent=1) + "\n")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
