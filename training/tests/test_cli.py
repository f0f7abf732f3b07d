import os
import subprocess
import sys
from pathlib import Path

import pytest
from euterpe_music.bundle import load_bundle
from euterpe_training.crnngan.evaluation import sample, to_pieces


def train(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "euterpe_training.cli", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_from_corpus_to_released_bundle(midi_directory: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "models" / "tunes" / "0.1.0"
    common = ("--corpus", midi_directory)
    done = train("crnngan", *common, "--recipe", "smoke", "--out", run, "--set", "max_epoch=1")
    assert done.returncode == 0, done.stderr
    assert "epoch 3/3 adversarial" in done.stderr
    again = train("crnngan", *common, "--out", run, "--resume", "--set", "max_epoch=2")
    assert again.returncode == 0, again.stderr
    assert "epoch 4/4 adversarial" in again.stderr
    assert "epoch 3/4" not in again.stderr
    exported = train("export", "--run", run, *common, "--out", out, "--name", "tunes", "--version", "0.1.0",
                     "--title", "Tunes")  # fmt: skip
    assert exported.returncode == 0, exported.stderr
    bundle = load_bundle(out)
    training = bundle.manifest.training
    assert training is not None
    assert (training.corpus.train, training.corpus.validation, training.corpus.test) == (8, 2, 2)
    assert len(training.metrics["history"]) == 4
    card = (out / "card.md").read_text()
    assert "scale score" in card
    assert all((out / name).read_bytes()[:4] == b"\x89PNG" for name in ("curves.png", "pianoroll.png"))
    assert len(to_pieces(sample(bundle, 2, 30), bundle.spec)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("crnngan", "--corpus", "{empty}", "--recipe", "smoke", "--out", "{run}"), "has no .mid"),
        (("crnngan", "--corpus", "{empty}/none", "--recipe", "smoke", "--out", "{run}"), "not a directory"),
        (("crnngan", "--corpus", "{midi}", "--recipe", "polka", "--out", "{run}"), "no recipe 'polka'"),
        (("crnngan", "--corpus", "{midi}", "--out", "{run}", "--resume"), "no checkpoint"),
        (("crnngan", "--corpus", "{midi}", "--out", "{run}", "--set", "batch_size=0"), "batch_size"),
        (("crnngan",), "--corpus"),
    ],
)  # fmt: skip
def test_errors_are_one_sentence_and_status_2(
    arguments: tuple[str, ...], message: str, tmp_path: Path, midi_directory: Path
) -> None:
    places = {"empty": tmp_path, "run": tmp_path / "run", "midi": midi_directory}
    done = train(*(argument.format(**places) for argument in arguments))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_is_not_overwritten(midi_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"precious")
    done = train("crnngan", "--corpus", midi_directory, "--recipe", "smoke", "--out", tmp_path)
    assert done.returncode == 2
    assert "--resume" in done.stderr
    assert (tmp_path / "checkpoint.pt").read_bytes() == b"precious"


def test_recipes_are_listed_without_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; sys.argv[1:] = ['recipes']\n"
    code += "from euterpe_training.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "classical" in done.stdout
