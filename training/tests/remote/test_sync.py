"""A run's directory and its copy."""

from pathlib import Path

import pytest
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_training.remote.sync import DirectorySync
from euterpe_training.storage import Folder, StorageError, open_folder


@pytest.fixture
def bucket(s3_environment: ObjectStoreSettings, tmp_path: Path) -> Folder:
    return open_folder(f"s3://{s3_environment.bucket}/{tmp_path.name}")


def test_only_what_has_changed_is_uploaded(bucket: Folder, tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "deeper").mkdir(parents=True)
    for name in ("checkpoint.pt", "deeper/events", "checkpoint.partial", "checkpoint.pt.new", "train.pid"):
        (run / name).write_text("one")
    sync = DirectorySync(bucket, "runs/1", run)
    # Files that are being written, or that name a process, stay here.
    assert sync.upload() == ["checkpoint.pt", "deeper/events"]
    assert sync.upload() == []
    # Of the same size: checkpoints always are.
    (run / "checkpoint.pt").write_text("two")
    assert sync.upload() == ["checkpoint.pt"]
    assert bucket.read("runs/1/checkpoint.pt") == b"two"


def test_downloaded_files_are_not_uploaded_again_and_newer_ones_stay(bucket: Folder, tmp_path: Path) -> None:
    bucket.write("runs/1/checkpoint.pt", b"old")
    bucket.write("runs/1/deeper/events", b"events")
    bucket.write("runs/10/checkpoint.pt", b"of another run")
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_text("newer")
    sync = DirectorySync(bucket, "runs/1", run)
    assert sync.download() == ["deeper/events"]
    assert (run / "checkpoint.pt").read_text() == "newer"
    assert sync.upload() == ["checkpoint.pt"]


def test_a_bucket_that_refuses_is_an_error_of_storage(
    bucket: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.read("runs/none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    refused = open_folder(bucket.url)
    (tmp_path / "file").write_text("x")
    for attempt in (
        lambda: refused.list(),
        lambda: refused.read("a"),
        lambda: refused.write("a", b""),
        lambda: refused.upload(tmp_path / "file", "a"),
        lambda: refused.download("a", tmp_path / "copy"),
    ):
        with pytest.raises(StorageError):
            attempt()
    assert not (tmp_path / "copy").exists()
