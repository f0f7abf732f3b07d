import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.sources import SourceOptions, load_source
from euterpe_training.balancing.sources.folder import load_folder, save_folders
from euterpe_training.errors import TrainingError
from PIL import Image


@pytest.fixture
def idx(tmp_path: Path, unbalanced: ImageSet, write_idx: Callable[..., None]) -> Path:
    write_idx(tmp_path, unbalanced, "train", squeeze=True)
    write_idx(tmp_path, unbalanced.take(np.arange(0, 90, 9)), "t10k")
    return tmp_path


def test_idx_files_plain_and_gzipped(idx: Path, unbalanced: ImageSet) -> None:
    source = load_source(str(idx))
    assert np.array_equal(source.train.images, unbalanced.images)
    assert np.array_equal(source.train.labels, unbalanced.labels)
    assert np.array_equal(source.test.images, unbalanced.images[:90:9])
    assert len(source.test.classes) == 10


def test_a_size_for_images_that_are_not_scaled_is_refused(idx: Path, tmp_path: Path) -> None:
    for place in (idx, cifar_archive(tmp_path, "binary")):
        with pytest.raises(TrainingError, match="not scaled; omit --size"):
            load_source(str(place), SourceOptions(size=64, cache=tmp_path / "cache"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t10k-images-idx3-ubyte", b"\0\0\x08\x03\0\0", "truncated"),
        ("t10k-images-idx3-ubyte", b"\0\0\x0d\x03" + bytes(12), "not an idx file"),
        ("t10k-images-idx3-ubyte", struct.pack(">4B3I", 0, 0, 8, 3, 9, 28, 28) + b"x", "its header says"),
        ("train-labels-idx1-ubyte.gz", b"\x1f\x8bnot gzip at all", "cannot be read"),
    ],
)
def test_damaged_idx_files_are_named(idx: Path, name: str, content: bytes, words: str) -> None:
    (idx / name).write_bytes(content)
    with pytest.raises(TrainingError, match=words) as caught:
        load_source(str(idx))
    assert name in str(caught.value)


def cifar_archive(directory: Path, kind: str) -> Path:
    """A synthetic archive with the layout of the real one, and 20 images per batch."""
    random = np.random.default_rng(0)
    archive = directory / f"cifar-10-{kind}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]:
            labels, rows = random.integers(0, 10, 20), random.integers(0, 256, (20, 3072), np.uint8)
            if kind == "binary":
                content = np.column_stack([labels.astype(np.uint8), rows]).tobytes()
                path = f"cifar-10-batches-bin/{name}.bin"
            else:
                content = pickle.dumps({b"labels": labels.tolist(), b"data": rows}, protocol=2)
                path = f"cifar-10-batches-py/{name}"
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive


def test_both_archives_of_cifar_hold_the_same_images(tmp_path: Path) -> None:
    options = SourceOptions(cache=tmp_path / "cache")
    binary = load_source(str(cifar_archive(tmp_path, "binary")), options)
    pickled = load_source(str(cifar_archive(tmp_path, "python")), options)
    assert binary.train.images.shape == (100, 32, 32, 3)
    assert np.array_equal(binary.train.images, pickled.train.images)
    assert np.array_equal(binary.test.labels, pickled.test.labels)
    # Stored channel by channel: the first three bytes of a row are red.
    red = np.random.default_rng(0)
    red.integers(0, 10, 20)
    assert np.array_equal(binary.train.images[0, 0, :3, 0], red.integers(0, 256, (20, 3072), np.uint8)[0, :3])


def test_a_pickle_that_would_execute_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, (f"open({str(tmp_path / 'pwned')!r}, 'w')",))

    (tmp_path / "test_batch").write_bytes(pickle.dumps(Evil()))
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}").write_bytes(pickle.dumps({b"labels": Evil()}))
    with pytest.raises(TrainingError, match="not a batch of CIFAR-10"):
        load_source(str(tmp_path))
    assert not (tmp_path / "pwned").exists()


def test_written_folders_are_read_back_unchanged(tmp_path: Path, unbalanced: ImageSet) -> None:
    save_folders({"set": unbalanced}, tmp_path / "in")
    again = load_folder(tmp_path / "in" / "set")
    assert np.array_equal(again.images, unbalanced.images)
    assert again.classes == unbalanced.classes
    source = load_source(str(tmp_path / "in" / "set"))
    assert (len(source.train), len(source.test)) == (73, 19)
    with pytest.raises(TrainingError, match="already exists"):
        save_folders({"set": unbalanced}, tmp_path / "in")


def test_folders_of_pictures_of_all_kinds_can_be_scaled(tmp_path: Path) -> None:
    for label, mode in (("grey", "L"), ("colour", "RGB"), ("see-through", "RGBA")):
        (tmp_path / label).mkdir()
        Image.new(mode, (40, 30)).save(tmp_path / label / "a.png")
        Image.new(mode, (20, 20)).save(tmp_path / label / "b.png")
    with pytest.raises(TrainingError, match="give --size"):
        load_folder(tmp_path)
    assert load_folder(tmp_path, size=32).images.shape == (6, 32, 32, 3)


def test_problems_of_a_folder_are_reported(tmp_path: Path, unbalanced: ImageSet) -> None:
    with pytest.raises(TrainingError, match="has no folders"):
        load_source(str(tmp_path))
    save_folders({"set": unbalanced}, tmp_path / "in")
    (tmp_path / "in" / "set" / "c9").mkdir()
    with pytest.raises(TrainingError, match="c9 has no images"):
        load_source(str(tmp_path / "in" / "set"))
    (tmp_path / "in" / "set" / "c9" / "x.png").write_bytes(b"\x89PNG but no more")
    with pytest.raises(TrainingError, match=r"x\.png is not an image"):
        load_source(str(tmp_path / "in" / "set"))


def test_midi_files_become_piano_rolls_by_folder(midi_directory: Path, tmp_path: Path) -> None:
    for name in ("folk", "march", "rare"):
        (tmp_path / name).mkdir()
    songs = sorted((midi_directory / "deeper").iterdir())
    for number, path in enumerate(songs):
        (tmp_path / ("folk" if number < 8 else "march") / path.name).write_bytes(path.read_bytes())
    (tmp_path / "rare" / "only.mid").write_bytes(songs[0].read_bytes())
    (tmp_path / "folk" / "broken.mid").write_bytes(b"RIFF")
    source = load_source(str(tmp_path), SourceOptions(at_least=2))
    assert source.train.classes == ("folk", "march")
    # 40 quarters are two and a half windows of 16.
    assert source.train.images.shape[1:] == (64, 64, 1)
    assert not set(source.train.groups) & set(source.test.groups)
    assert len(set(source.train.groups) | set(source.test.groups)) == 12
    with pytest.raises(TrainingError, match="0 classes with at least 50"):
        load_source(str(tmp_path), SourceOptions(at_least=50))


@pytest.fixture
def served(tmp_path: Path, address: str) -> tuple[str, Path]:
    archive = cifar_archive(tmp_path, "binary")
    return f"{address}/{archive.name}", archive


def test_a_url_is_downloaded_once_and_its_digest_is_verified(served: tuple[str, Path], tmp_path: Path) -> None:
    url, archive = served
    cache = tmp_path / "cache"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    with pytest.raises(TrainingError, match="has the SHA-256"):
        load_source(url, SourceOptions(sha256="0" * 64, cache=cache))
    assert not [path for path in cache.rglob("*") if path.is_file()]
    with pytest.raises(TrainingError, match="needs --sha256"):
        load_source(url, SourceOptions(cache=cache))
    assert len(load_source(url, SourceOptions(sha256=digest, cache=cache)).train) == 100
    archive.unlink()
    assert len(load_source(url, SourceOptions(sha256=digest, cache=cache)).train) == 100
    with pytest.raises(TrainingError, match="cannot be downloaded"):
        load_source(url, SourceOptions(sha256="1" * 64, cache=cache))
