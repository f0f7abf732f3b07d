import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from euterpe_training.balancing.config import DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.search import Search
from euterpe_training.balancing.sources import load_source
from euterpe_training.balancing.sources.folder import load_folder, save_folders
from euterpe_training.cli import app
from euterpe_training.errors import TrainingError
from typer.testing import CliRunner, Result


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, TrainingError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def source(tmp_path: Path, unbalanced: ImageSet) -> Path:
    save_folders({"source": unbalanced}, tmp_path / "sets")
    return tmp_path / "sets" / "source"


def test_from_a_folder_to_a_fuller_folder(source: Path, tmp_path: Path) -> None:
    call("balance", "report", "--source", source, "--out", tmp_path / "look")
    text = (tmp_path / "look" / "report.html").read_text()
    assert "<td>c2</td>" in text
    assert text.count("data:image/png;base64,") == 2
    run = tmp_path / "run"
    call("balance", "train", "--source", source, "--out", run, "--recipe", "smoke", "--set", "neighbours=3")
    call("balance", "train", "--source", source, "--out", run, "--resume", "--set", "epochs=3")
    assert len(json.loads((run / "history.json").read_text())) == 3
    call("balance", "generate", "--source", source, "--run", run, "--out", tmp_path / "full", "--ratio", "0.5")
    # A fifth is kept for tests: 48, 19 and 6 remain.
    assert load_folder(tmp_path / "full" / "train").counts.tolist() == [48, 24, 24]
    call("balance", "resample", "--source", source, "--method", "random-over", "--out", tmp_path / "over")
    assert load_folder(tmp_path / "over" / "train").counts.tolist() == [48, 48, 48]
    # What is filled up is trained with only: who loads it finds the real images that were kept to test with.
    filled = load_source(str(tmp_path / "full"))
    kept = load_source(str(source)).test
    assert sorted(image.tobytes() for image in filled.test.images) == sorted(image.tobytes() for image in kept.images)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_study_compares_and_reports_and_goes_on(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    common = ("--source", source, "--out", out, "--recipe", "smoke", "--set", "deepsmote.neighbours=2",
              "--networks", "small", "--epochs", "2")  # fmt: skip
    call("study", "balancing", *common, "--methods", "unbalanced,loss:focal,deepsmote", "--seeds", "1")
    stored = json.loads((out / "results.json").read_text())["outcomes"]
    assert [row["method"] for row in stored] == ["unbalanced", "loss:focal", "deepsmote"]
    # All judged on the same real images: a fifth of each class.
    assert {tuple(sum(row) for row in outcome["confusion"]) for outcome in stored} == {(12, 5, 2)}
    call("study", "balancing", *common, "--methods", "unbalanced,adasyn,deepsmote", "--seeds", "2")
    again = json.loads((out / "results.json").read_text())["outcomes"]
    assert again[: len(stored)] == stored
    text = (out / "report.html").read_text()
    assert "What deepsmote made" in text
    assert "Fréchet distance" in text
    # ADASYN does not suit these images; the others are not lost for that.
    assert {row["method"] for row in again} == {"unbalanced", "loss:focal", "deepsmote"}
    readme = (out / "README.md").read_text()
    assert "](made-deepsmote.png)" in readme
    # Of what was made and of what was held out, a row for each class that was filled up.
    recognised = re.findall(r"\| c\d \| (?:deepsmote|real, held out) \| (\d+)% \|", readme)
    assert len(recognised) == 5
    assert all(0 <= int(share) <= 100 for share in recognised)
    assert all((out / name).exists() for name in re.findall(r"\]\((\S+\.png)\)", readme))
    assert "Left out is adasyn: " in readme
    with pytest.raises(TrainingError, match="other images or settings"):
        call("study", "balancing", *common, "--methods", "unbalanced", "--ratio", "0.5")


def test_a_study_in_which_nothing_is_missing_shows_nothing_made(source: Path, tmp_path: Path) -> None:
    call("study", "balancing", "--source", source, "--out", tmp_path / "study", "--recipe", "smoke", "--networks",
         "small", "--epochs", "1", "--seeds", "1", "--methods", "unbalanced,deepsmote", "--ratio", "0.1",
         "--set", "deepsmote.neighbours=2")  # fmt: skip
    assert "What deepsmote made" not in (tmp_path / "study" / "report.html").read_text()


def test_a_study_goes_on_with_what_its_own_settings_trained_only(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    common = ("study", "balancing", "--source", source, "--out", out, "--recipe", "smoke", "--networks", "small",
              "--epochs", "1", "--seeds", "1", "--methods", "deepsmote")  # fmt: skip
    with pytest.raises(TrainingError, match="none of the methods"):
        # It was stopped before its first classifier, but has its settings written down.
        call(*common, "--set", "deepsmote.neighbours=40")
    with pytest.raises(TrainingError, match="other images or settings"):
        call(*common, "--set", "deepsmote.neighbours=2")
    (out / "results.json").write_text("{")
    with pytest.raises(TrainingError, match=r"results\.json is damaged; remove it"):
        call(*common, "--set", "deepsmote.neighbours=2")


@pytest.mark.parametrize("sampler", ["grid", "optuna"])
def test_a_search_tries_everything_once_and_goes_on(source: Path, tmp_path: Path, sampler: str) -> None:
    out = tmp_path / "search"
    common = ("balance", "search", "--source", source, "--out", out, "--recipe", "smoke", "--sampler", sampler,
              "--set", "neighbours=3", "--set", "epochs=1", "--trials", "3",
              "--try", "learning_rate=1e-4,1e-2", "--try", "latent_size=4,8")  # fmt: skip
    call(*common)
    rows = (out / "trials.csv").read_text().splitlines()
    assert rows[0] == "learning_rate,latent_size,score,seconds"
    assert len(rows) - 1 == (4 if sampler == "grid" else 3)
    assert len(set(rows)) == len(rows)
    best = json.loads((out / "best.json").read_text())
    assert best["score"] == pytest.approx(float(rows[1].split(",")[2]), abs=1e-4)
    assert best["settings"]["learning_rate"] == "1e-2"
    told = (out / "README.md").read_text()
    assert f"| learning_rate | 1e-2 | {sum(row.startswith('1e-2,') for row in rows)} |" in told
    assert "| mnist, thesis | 300 | 0.0002 | 64 | 600 | 128 | 0.0244 | 27 |" in told
    assert (out / "report.html").exists()
    call(*common)
    assert (out / "trials.csv").read_text().splitlines() == rows


def test_a_search_that_was_stopped_tries_that_setting_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = ("balance", "search", "--source", source, "--out", tmp_path / "search", "--recipe", "smoke",
              "--set", "neighbours=3", "--set", "epochs=1", "--try", "latent_size=4,6,8")  # fmt: skip
    score, scored = Search._score, []

    def stopped(self: Search, config: DeepSmoteConfig) -> float:
        scored.append(config.latent_size)
        if len(scored) == 2:
            raise KeyboardInterrupt
        return score(self, config)

    monkeypatch.setattr(Search, "_score", stopped)
    assert CliRunner().invoke(app, [str(argument) for argument in common]).exit_code == 130
    call(*common)
    assert sorted(scored) == sorted([4, 6, 8, scored[1]])
    rows = (tmp_path / "search" / "trials.csv").read_text().splitlines()[1:]
    assert sorted(row.split(",")[0] for row in rows) == ["4", "6", "8"]
    assert all(row.split(",")[1] for row in rows)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("balance resample --source {nowhere} --out {out}", "there is nothing at"),
        ("balance resample --source {source} --out {source}", "exists already"),
        ("balance resample --source {source} --out {out} --ratio 2", "lies in (0, 1]"),
        ("balance resample --source {source} --out {out} --counts 99,1,1", "class c0"),
        ("balance resample --source {source} --out {out} --method random-under --ratio 0.5", "takes images away"),
        (
            "balance resample --source {source} --out {out} --counts 2,2,2 --method edited",
            "edited leaves no image of class",
        ),
        ("balance search --source {source} --out {out} --recipe smoke --counts 9,9,4", "neighbours need 6"),
        ("balance train --source {source} --out {out} --counts 6,6,6 --set neighbours=6", "6 neighbours need 7"),
        ("study balancing --source {source} --out {out} --ratio 2", "lies in (0, 1]"),
        ("study balancing --source {source} --out {out} --set bagan.epochs=1", "there are: deepsmote, bagan-gp"),
        ("balance train --source {source} --out {out} --recipe huge", "no recipe 'huge'"),
        ("balance train --source {source} --out {out} --counts 40,10,5", "c2 has 5 images"),
        ("balance train --source {source} --out {out} --resume", "no checkpoint"),
        ("balance train --source {source} --out {out} --device tpu", "no device 'tpu'"),
        ("study balancing --source {source} --out {out} --methods hope", "no method 'hope'"),
        ("study balancing --source {source} --out {out} --networks vgg", "no network 'vgg'"),
        ("study balancing --source {source} --out {out} --precision int4", "is 'int4'"),
        ("balance search --source {source} --out {out} --try latent=1", "no setting 'latent'"),
        (
            "balance styles --corpus {source} --run {out}/r --out {out}/Mine/1.0.0 --version 1.0.0",
            "a bundle cannot be called 'Mine'",
        ),
        ("balance styles --corpus {source} --run {out}/r --out {out}/mine/1 --version 1", "'1' is no version"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_written(source: Path, tmp_path: Path, line: str, words: str) -> None:
    before = sorted(source.rglob("*"))
    places = {"source": source, "out": tmp_path / "out", "nowhere": tmp_path / "nowhere"}
    with pytest.raises(TrainingError) as caught:
        call(*(argument.format(**places) for argument in line.split()))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(source.rglob("*")) == before
    assert not (tmp_path / "out").exists()


def test_the_exit_status_is_2_and_there_is_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "euterpe_training.cli", "balance", "report", "--source", str(tmp_path)]
    done = subprocess.run([*command, "--out", str(tmp_path / "o")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "holds no folders" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
