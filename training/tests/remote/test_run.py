"""A run whose data are in a bucket: stopped, resumed elsewhere, published as a candidate."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_stack.ports import free_port
from euterpe_training.errors import TrainingError
from euterpe_training.releases.promotion import list_versions, promote
from euterpe_training.remote.plan import RunPlan, read_plan
from euterpe_training.remote.processes import training_command
from euterpe_training.remote.run import STOPPED, RemoteRun
from euterpe_training.storage import Folder, StorageError, open_folder

TRAINER = Path(__file__).with_name("trainer.py")
TINY = TRAINER.parents[3] / "packages/music/tests/data/tiny/0.0.1"
PROGRAM = (sys.executable, str(TRAINER))


@pytest.fixture
def store(s3_environment: ObjectStoreSettings, tmp_path: Path) -> Folder:
    """A bucket with a corpus and a released model."""
    folder = open_folder(f"s3://{s3_environment.bucket}/{tmp_path.name}")
    for number in range(20):
        folder.write(f"corpora/folk/deeper/{number}.mid", b"notes")
    for file in TINY.iterdir():
        folder.upload(file, f"models/tiny/0.0.1/{file.name}")
    return folder


def plan_for(store: Folder, data: Path, *, epochs: int = 3, upload_seconds: float = 60) -> RunPlan:
    return RunPlan(
        store=store.url,
        corpus="corpora/folk",
        run="runs/folk-1",
        train=["crnngan", "--out", str(data / "run"), "--epochs", str(epochs)],
        export=["export", "--out", str(data / "bundles"), "tiny", "0.1.0"],
        evaluate=["--reference", str(data / "corpus")],
        upload_seconds=upload_seconds,
    )


def run(plan: RunPlan, data: Path) -> int:
    return RemoteRun(plan, data, print, environment={}, program=PROGRAM).run()


def test_a_finished_run_is_a_candidate_that_can_be_promoted(store: Folder, tmp_path: Path) -> None:
    data = tmp_path / "node"
    assert run(plan_for(store, data), data) == 0
    assert len(list((data / "corpus/deeper").iterdir())) == 20
    models = open_folder(f"{store.url}models")
    assert list_versions(models, "tiny").candidates == ["0.1.0"]
    reports = json.loads(models.read("candidates/tiny/0.1.0/evaluation.json"))
    # Compared with the released version, which was fetched for that.
    assert {key: Path(report["bundle"]).parts[-2:] for key, report in reports.items()} == {
        "tiny@0.1.0": ("tiny", "0.1.0"),
        "tiny@0.0.1": ("tiny", "0.0.1"),
    }
    assert promote(models, "tiny", "0.1.0", 10) == {"0.0.1": 90, "0.1.0": 10}
    assert any("tfevents" in path for path in store.list("runs/folk-1/tensorboard/"))
    # A pod that is started again after the end has nothing to do.
    assert run(plan_for(store, tmp_path / "again"), tmp_path / "again") == 0
    assert not (tmp_path / "again").exists()


def test_a_stopped_run_continues_on_another_machine(store: Folder, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    port = free_port()
    code = (
        "import sys; from pathlib import Path; from euterpe_training.remote.plan import read_plan\n"
        "from euterpe_training.remote.run import RemoteRun\n"
        "plan, data, port, *program = sys.argv[1:]\n"
        "remote = RemoteRun(read_plan(Path(plan)), Path(data), print, environment={}, program=program)\n"
        "remote.metrics.serve(int(port)); sys.exit(remote.run())"
    )
    path = tmp_path / "plan.json"
    path.write_text(plan_for(store, first, epochs=10_000, upload_seconds=0.1).model_dump_json())
    process = subprocess.Popen([sys.executable, "-c", code, path, first, str(port), *PROGRAM], env=os.environ)
    try:
        while "runs/folk-1/checkpoint.pt" not in store.list("runs/folk-1/"):
            assert process.poll() is None
            time.sleep(0.1)
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        process.send_signal(signal.SIGTERM)
        assert process.wait() == STOPPED
    finally:
        process.kill()
    assert 'euterpe_training_phase{phase="train"} 1.0' in metrics
    assert "euterpe_training_upload_failures_total 0.0" in metrics
    assert 'euterpe_training_value{name="g_loss"}' in metrics
    done = int(store.read("runs/folk-1/checkpoint.pt"))
    assert done > 0
    assert done == int((first / "run/checkpoint.pt").read_text())
    assert not any(path.endswith(".partial") for path in store.list("runs/"))
    assert run(plan_for(store, second, epochs=done + 1), second) == 0
    # The trainer refuses to begin anew, so it has continued.
    assert int(store.read("runs/folk-1/checkpoint.pt")) == done + 1
    assert len(json.loads(store.read("runs/folk-1/history.json"))) == done + 1


def test_a_failed_training_publishes_nothing(store: Folder, tmp_path: Path) -> None:
    data = tmp_path / "node"
    plan = plan_for(store, data).model_copy(update={"train": ["unknown"]})
    assert run(plan, data) == 1
    assert list_versions(open_folder(f"{store.url}models"), "tiny").candidates == []
    with pytest.raises(TrainingError, match="no files below corpora/none/: upload the corpus"):
        run(plan.model_copy(update={"corpus": "corpora/none"}), tmp_path / "other")


def test_wrong_options_of_the_comparison_do_not_lose_the_bundle(store: Folder, tmp_path: Path) -> None:
    data = tmp_path / "node"
    plan = plan_for(store, data).model_copy(update={"evaluate": ["--wrong"]})
    with pytest.raises(TrainingError, match="evaluate failed with exit status 2"):
        run(plan, data)
    assert list_versions(open_folder(f"{store.url}models"), "tiny").candidates == ["0.1.0"]


def test_an_outage_of_the_bucket_does_not_end_the_training(
    store: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "node"
    remote = RemoteRun(plan_for(store, data), data, print, environment={}, program=PROGRAM)
    upload, failures = store.upload, [StorageError("no answer")] * 2

    def failing(source: Path, path: str) -> None:
        if failures:
            raise failures.pop()
        upload(source, path)

    monkeypatch.setattr(remote._store, "upload", failing)
    assert remote.run() == 0
    assert store.read("runs/folk-1/checkpoint.pt") == b"3"
    assert remote.metrics.registry.get_sample_value("euterpe_training_upload_failures_total") == 2


def test_only_node_0_writes(store: Folder, tmp_path: Path) -> None:
    data = tmp_path / "node"
    remote = RemoteRun(plan_for(store, data), data, print, environment={"PET_NODE_RANK": "1"}, program=PROGRAM)
    assert remote.run() == 0
    assert not store.list("runs/")
    assert not store.list("models/candidates/")


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, ["crnngan"], "python -m euterpe_training.cli crnngan --resume"),
        ({}, ["ensemble", "train"], "python -m euterpe_training.cli ensemble train"),
        (
            {"PET_NPROC_PER_NODE": "4"},
            ["crnngan"],
            "python -m torch.distributed.run --standalone -m euterpe_training.cli crnngan --resume",
        ),
        (
            {"PET_NNODES": "2", "PET_MASTER_ADDR": "node-0"},
            ["crnngan", "--resume"],
            "python -m torch.distributed.run -m euterpe_training.cli crnngan --resume",
        ),
    ],
)
def test_torchrun_starts_several_processes(environment: dict[str, str], arguments: list[str], expected: str) -> None:
    program = ("python", "-m", "euterpe_training.cli")
    command = training_command(arguments, has_checkpoint=True, program=program, environment=environment)
    assert " ".join(command) == expected


def test_models_of_one_process_refuse_several() -> None:
    with pytest.raises(TrainingError, match="only crnngan trains on several processes: set nodes"):
        training_command(["melody", "train"], has_checkpoint=False, environment={"PET_NNODES": "2"})


def test_a_wrong_plan_names_the_field(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"store": "s3://b", "corpus": "c", "run": "r", "train": []}')
    with pytest.raises(TrainingError, match=r"plan\.json is not valid at train"):
        read_plan(path)
    path.unlink()
    with pytest.raises(TrainingError, match="cannot be read"):
        read_plan(path)
