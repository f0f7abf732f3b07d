"""Reading of folders: skipped files, missing files, and formats that are detected."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.sources import SourceOptions, load_source
from euterpe_training.balancing.sources.folder import load_folder, save_folders
from euterpe_training.balancing.sources.rolls import by_folder, load_rolls
from euterpe_training.errors import TrainingError
from PIL import Image

GREYS = np.array([[0, 257 * 50], [257 * 128, 65535]], np.uint16)


def two_classes(directory: Path, save: Callable[[Path], object], end: str) -> Path:
    for name in ("a", "b"):
        (directory / name).mkdir(parents=True)
        save(directory / name / f"x.{end}")
    return directory


def _png(path: Path) -> None:
    Image.fromarray(GREYS).save(path)


def _pgm(path: Path) -> None:
    path.write_bytes(b"P5 2 2 65535\n" + GREYS.astype(">u2").tobytes())


@pytest.mark.parametrize(("save", "end"), [(_png, "png"), (_png, "tif"), (_pgm, "pgm")])
def test_grey_of_16_bits_becomes_grey_of_8(tmp_path: Path, save: Callable[[Path], object], end: str) -> None:
    images = load_folder(two_classes(tmp_path, save, end))
    assert images.images[0, ..., 0].tolist() == [[0, 50], [128, 255]]
    assert load_folder(tmp_path, size=1).images.ravel().tolist() == pytest.approx([108, 108], abs=8)


def test_grey_of_16_bits_among_colours_becomes_grey_of_8(tmp_path: Path) -> None:
    two_classes(tmp_path, _png, "png")
    Image.new("RGB", (2, 2), (10, 20, 30)).save(tmp_path / "b" / "x.png")
    assert load_folder(tmp_path).images[:, 0, 1].tolist() == [[50, 50, 50], [10, 20, 30]]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pixels_of_32_bits_are_refused(tmp_path: Path, kind: type) -> None:
    two_classes(tmp_path, lambda path: Image.fromarray(np.ones((2, 2), kind)).save(path), "tif")
    with pytest.raises(TrainingError, match=r"x\.tif has pixels of 32 bits"):
        load_folder(tmp_path)


@pytest.mark.parametrize("size", [0, -3])
def test_sizes_below_one_pixel_are_refused(tmp_path: Path, size: int, midi_directory: Path) -> None:
    two_classes(tmp_path / "images", _png, "png")
    for load in (
        lambda: load_folder(tmp_path / "images", size),
        lambda: load_source(str(tmp_path / "images"), SourceOptions(size=size)),
        lambda: load_source(str(midi_directory), SourceOptions(size=size)),
    ):
        with pytest.raises(TrainingError, match=f"--size must be 1 or more, got {size}"):
            load()


@pytest.fixture
def corpus(midi_directory: Path, tmp_path: Path) -> Path:
    """Class x with 5 pieces and unreadable files, y with 4, z with 1."""
    songs = sorted((midi_directory / "deeper").iterdir())
    for name, count in (("x", 5), ("y", 4), ("z", 1)):
        (tmp_path / "corpus" / name).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "corpus" / name / f"{number}.mid").write_bytes(songs[number].read_bytes())
    (tmp_path / "corpus" / "x" / "junk.mid").write_bytes(b"RIFF")
    (tmp_path / "corpus" / "lone.mid").write_bytes(songs[0].read_bytes())
    for number in range(5):
        (tmp_path / "corpus" / "y" / f"bad{number}.MIDI").write_bytes(b"")
    only_drums = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x0c\0\x99\x24\x40\x60\x89\x24\x40\0\xff\x2f\0"
    (tmp_path / "corpus" / "z" / "drums.mid").write_bytes(only_drums)
    return tmp_path / "corpus"


def test_skipped_files_and_classes_are_noted(corpus: Path) -> None:
    source = load_source(str(corpus), SourceOptions(at_least=3))
    assert source.train.classes == ("x", "y")
    assert source.train.name == "corpus"
    assert source.notes == (
        "skipped 1 file without a class: lone.mid",
        "skipped 1 unreadable file of class x: junk.mid",
        "skipped 5 unreadable files of class y: bad0.MIDI, bad1.MIDI, bad2.MIDI and 2 more",
        "skipped 1 file of class z without notes in range: drums.mid",
        "skipped class z with 1 piece: 3 are needed",
    )


def test_a_completely_read_corpus_has_no_notes(corpus: Path) -> None:
    for path in (*corpus.glob("*/bad*"), *corpus.glob("z/*"), corpus / "x" / "junk.mid", corpus / "lone.mid"):
        path.unlink()
    assert load_source(str(corpus), SourceOptions(at_least=4)).notes == ()


@pytest.mark.parametrize("at_least", [0, 1])
def test_a_class_without_a_readable_piece_is_skipped(corpus: Path, at_least: int) -> None:
    (corpus / "z" / "0.mid").unlink()
    assert load_rolls(corpus, by_folder(1), at_least=at_least).classes == ("x", "y")


@pytest.mark.parametrize("end", [".bin", ""])
@pytest.mark.parametrize("missing", ["data_batch_3", "test_batch"])
def test_a_missing_batch_of_cifar_is_named(tmp_path: Path, missing: str, end: str) -> None:
    folder = tmp_path / ("cifar-10-batches-bin" if end else "cifar-10-batches-py")
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        if name != missing:
            (folder / (name + end)).write_bytes(bytes(3073 * 2))
    with pytest.raises(TrainingError, match=f"lacks {missing}{end}; download"):
        load_source(str(tmp_path))


@pytest.fixture
def digits(tmp_path: Path, unbalanced: ImageSet, write_idx: Callable[..., None]) -> Path:
    """idx files in `fashion-work/mnist`."""
    folder = tmp_path / "fashion-work" / "mnist"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        write_idx(folder, unbalanced, part)
    return folder


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_a_missing_idx_file_is_named(digits: Path, missing: str) -> None:
    (digits / missing).unlink()
    with pytest.raises(TrainingError, match=f"lacks {missing}"):
        load_source(str(digits))


def test_names_of_parent_folders_do_not_decide_on_fashion(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(digits)
    for place in (str(digits), "."):
        train = load_source(place).train
        assert (train.name, train.classes[0]) == ("mnist", "0")


@pytest.mark.parametrize(
    ("archive", "base", "name", "first"),
    [
        ("mnist", None, "mnist", "0"),
        ("mnist.v1", "mnist", "mnist.v1", "0"),
        ("fashion-mnist", "mnist", "fashion", "T-shirt"),
        ("mnist", "fashion", "fashion", "T-shirt"),
    ],
)
def test_idx_files_in_archives_are_named_after_them(
    digits: Path, archive: str, base: str | None, name: str, first: str
) -> None:
    root = digits.parent
    if base:
        digits = digits.rename(root / base)
    packed = shutil.make_archive(str(root / archive), "gztar", root if base else digits, base)
    train = load_source(packed, SourceOptions(cache=root / "fashion-cache")).train
    assert (train.name, train.classes[0]) == (name, first)


def test_train_and_test_folders_are_named_after_their_parent(tmp_path: Path, unbalanced: ImageSet) -> None:
    save_folders({"train": unbalanced, "test": unbalanced}, tmp_path / "photos")
    source = load_source(str(tmp_path / "photos"))
    assert (source.train.name, source.test.name, source.notes) == ("photos", "photos", ())
