import subprocess
import sys
from pathlib import Path

import pytest
import torch
from euterpe_training.checkpoints import CHECKPOINT_FILE, load_checkpoint
from euterpe_training.cli import app
from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.crnngan.trainer.process_group import ProcessGroup
from euterpe_training.errors import TrainingError

RUNS = {
    "numbers": ["input_jitter=0.3", "anchor=0.5", "keep_prob=0.7", "adam=false", "learning_rate=0.1"],
    "classes": ["outputs=categorical", "pretraining_d=true", "adam=false", "learning_rate=0.1", "freezing=false"],
}
SCRIPT = """
import sys
from euterpe_training.cli import app
corpus, out = sys.argv[1:3]
for run in sys.argv[3:]:
    name, *changes = run.split(",")
    app(["crnngan", "--corpus", corpus, "--out", f"{out}/{name}", "--recipe", "smoke",
         *(word for change in changes for word in ("--set", change))], standalone_mode=False)
"""


@pytest.mark.slow
def test_two_processes_give_the_result_of_one(midi_directory: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    runs = [",".join([name, *changes]) for name, changes in RUNS.items()]
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        [*start, str(midi_directory), str(tmp_path / "two"), *runs], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name, changes in RUNS.items():
        words = [word for change in changes for word in ("--set", change)]
        where = tmp_path / "one" / name
        app(
            ["crnngan", "--corpus", str(midi_directory), "--out", str(where), "--recipe", "smoke", *words],
            standalone_mode=False,
        )
        one, two = (load_checkpoint(tmp_path / place / name / CHECKPOINT_FILE) for place in ("one", "two"))
        for side in ("g", "d"):
            for key, weight in one[side].items():
                assert torch.allclose(weight, two[side][key], rtol=1e-4, atol=1e-6), (name, side, key)
        for loss in ("g_loss", "validation_loss"):
            mine, theirs = ([epoch[loss] for epoch in run["history"]] for run in (one, two))
            assert mine == pytest.approx(theirs, rel=1e-4)
    assert done.stderr.count("epoch 4/4") == len(RUNS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("batch_size=3", "multiple of the number of processes, 2; it is 3"),
        ("minibatch_d=true", "minibatch_d needs a whole batch"),
    ],
)
def test_configurations_for_one_process_are_refused(
    corpus: Corpus, config: CrnnganConfig, changes: str, words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        Trainer(config.changed(["batch_size=4", changes]), corpus, ProcessGroup(0, 2))
