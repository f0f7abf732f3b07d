"""What `euterpe-train evaluate` would say of a run of the study."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from euterpe_training.bundle_label import Label
from euterpe_training.crnngan.evaluation.reference import FEWEST_SONGS, Reference
from euterpe_training.crnngan.evaluation.report import evaluate
from euterpe_training.crnngan.export.release import export_generator
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.files import write_whole

_REPORT_FILE: Final = "evaluation.json"
_EVENTS: Final = 100


def judge(trainer: Trainer, run: Path) -> dict[str, Any]:
    """The evaluation of the run's generator next to its test songs, made once and kept in `run`.

    Empty where fewer of those are long enough than can be compared with each other.
    """
    path = run / _REPORT_FILE
    test = trainer.songs["test"]
    test = test[np.diff(trainer.corpus.offsets)[test] >= _EVENTS]
    if len(test) < FEWEST_SONGS:
        return {}
    if not path.exists():
        name = trainer.config.recipe
        bundle = export_generator(trainer, run / "bundle", Label(name, "0.1.0", name, ""))
        reference = Reference(trainer.corpus, bundle.spec, test, trainer.songs["train"], stated=True)
        write_whole(path, json.dumps(evaluate(bundle, reference, length=_EVENTS), indent=1) + "\n")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
