"""The guide's section from a folder to a better classifier, executed."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest
from euterpe_training.balancing import auto
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.sources.folder import load_folder, save_folders
from euterpe_training.cli import app
from typer.testing import CliRunner

ROOT = Path(__file__).parents[3]


def blocks(document: str, title: str) -> list[tuple[str, str]]:
    """Return the language and text of the code blocks of a section."""
    section = (ROOT / document).read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"```(\w+)\n(.*?)```", section, re.S)


def commands(found: list[tuple[str, str]]) -> list[str]:
    return [line for language, text in found if language == "sh" for line in text.splitlines()]


def test_the_guide_leads_from_a_folder_to_a_classifier(
    make_bars: Callable[..., ImageSet], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_folders({"photos": make_bars([40, 16, 12])}, tmp_path / "sets")
    (tmp_path / "sets" / "photos").rename(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    # The comparison itself, with fewer steps of its classifiers.
    shorter = replace(auto.OPTIONS, epochs=1, steps_per_round=3)
    recommend = auto.recommend
    monkeypatch.setattr(auto, "recommend", lambda *rest: recommend(*rest, options=shorter))
    found = blocks("docs/guides/balancing.md", "From a folder to a better classifier")
    assert [language for language, _ in found] == ["sh", "sh", "python", "sh", "python"]
    for language, text in found:
        if language == "python":
            exec(compile(text, "guide", "exec"), {})
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "euterpe-train"
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, f"{line}: {result.output} {result.exception!r}"
    assert json.loads(Path("advice/auto.json").read_text())["text"]
    assert not Path("photos-smote/test").exists()
    assert load_folder(Path("photos-smote/train"), 32).counts.tolist() == [40, 40, 40]
    # The saved classifier computes what the study evaluated: it is right on most photos.
    described = json.loads(Path("study/classifiers/smote-small.json").read_text())
    assert described["classes"] == ["c0", "c1", "c2"]
    photos = load_folder(Path("photos"), 32)
    session = onnxruntime.InferenceSession("study/classifiers/smote-small.onnx")
    [probabilities] = session.run(None, {"images": photos.images[:7]})
    assert probabilities.shape == (7, 3)
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    [probabilities] = session.run(None, {"images": photos.images})
    assert (probabilities.argmax(1) == photos.labels).mean() > 0.7


def test_the_commands_of_the_readme_are_those_of_the_guide() -> None:
    guide = commands(blocks("docs/guides/balancing.md", "From a folder to a better classifier"))
    own = commands(blocks("README.md", "Balance images"))
    assert len(own) == 2
    assert set(own) <= set(guide)
