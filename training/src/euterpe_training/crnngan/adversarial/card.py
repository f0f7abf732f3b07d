"""What a card says of adversarial training."""

from pathlib import Path

from euterpe_training.checkpoints import load_checkpoint
from euterpe_training.crnngan.adversarial.search import RESULT_FILE, Trial
from euterpe_training.crnngan.adversarial.training import STATE_FILE


def training_notes(run: Path) -> str:
    """Return sentences on a run: its settings, and what it changed where a search evaluated it."""
    content = load_checkpoint(run / STATE_FILE)
    settings = ", ".join(f"{name} {value}" for name, value in content["config"].items())
    text = (
        f"After pretraining, the generator was trained for {content['steps_done']} steps against a critic "
        f"({settings}). The critic is part of the bundle and selects the best of several `candidates`."
    )
    path = run / RESULT_FILE
    if not path.is_file():
        return text
    trial = Trial.read(path)
    before, after = trial.start, trial.end
    return (
        f"{text} This changed, on {trial.part} songs: two-sample accuracy {before.accuracy:.3f} → "
        f"{after.accuracy:.3f} (.5: cannot be told from real music), copied 8-grams {before.copied:.3f} → "
        f"{after.copied:.3f}, overlap between pieces {before.shared:.3f} → {after.shared:.3f}, held-out loss "
        f"{before.loss:.3f} → {after.loss:.3f}."
    )
