"""The commands of docs/guides/releasing.md, in a directory as the guide describes it."""

import json
import re
import shlex
from pathlib import Path

import pytest
from euterpe_training.cli import app
from euterpe_training.remote.plan import RunPlan
from typer.testing import CliRunner

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/guides/releasing.md").read_text()
TINY = ROOT / "packages/music/tests/data/tiny/0.0.1"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S)


def test_the_plan_is_valid_and_its_steps_fit_together() -> None:
    (text,) = blocks("json")
    plan = RunPlan.model_validate_json(text)
    directory = "training/runs/plan"
    assert f"--data {directory}" in (ROOT / "Makefile").read_text()
    for option, place in (("--corpus", "corpus"), ("--out", "run")):
        assert plan.train[plan.train.index(option) + 1] == f"{directory}/{place}"
    name, version = plan.export[plan.export.index("--out") + 1].removeprefix(f"{directory}/bundles/").split("/")
    assert (plan.export[plan.export.index("--name") + 1], plan.export[plan.export.index("--version") + 1]) == (
        name,
        version,
    )
    assert f"promote {name} {version}" in GUIDE


def test_the_commands_release_a_canary_and_go_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place, version in (("tunes/1.0.0", "1.0.0"), ("candidates/tunes/1.1.0", "1.1.0")):
        bundle = tmp_path / ".data/bucket/models" / place
        bundle.mkdir(parents=True)
        for graph in TINY.glob("*.onnx"):
            (bundle / graph.name).write_bytes(graph.read_bytes())
        manifest = json.loads((TINY / "manifest.json").read_text()) | {"name": "tunes", "version": version}
        (bundle / "manifest.json").write_text(json.dumps(manifest))
    printed = []
    for line in "".join(blocks("sh")).splitlines():
        program, *arguments = shlex.split(line)
        assert program == "euterpe-train"
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (line, done.output)
        printed.append(re.findall(r"^tunes 1\.1\.0: (.+)$", done.stdout, re.M))
    assert printed == [["candidate"], ["5 %"], ["50 %"], ["100 %"], ["0 %"]]
