import csv
from pathlib import Path

import numpy as np
import pytest
from euterpe_training.balancing.classical import resample
from euterpe_training.balancing.folders import balance_folder
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.sources import SourceOptions, load_source
from euterpe_training.balancing.sources.folder import load_folder, save_folders
from euterpe_training.errors import TrainingError
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path, unbalanced: ImageSet) -> Path:
    """A folder whose files have names and bytes that no writer of this package would choose."""
    directory = tmp_path / "photos"
    for index, (pixels, label) in enumerate(zip(unbalanced.images, unbalanced.labels, strict=True)):
        path = directory / f"c{label}" / ("trip" if index % 2 else "") / f"Photo {index}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[..., 0]).save(path)
        path.write_bytes(path.read_bytes() + b"no writer appends this")
    return directory


def test_original_files_keep_names_and_bytes_and_the_manifest_lists_the_others(photos: Path, tmp_path: Path) -> None:
    done = balance_folder(photos, tmp_path / "full", "smote", seed=3)
    assert done.before == {"c0": 48, "c1": 19, "c2": 6}
    assert done.after == {"c0": 48, "c1": 48, "c2": 48}
    out = tmp_path / "full"
    originals = {path.relative_to(photos): path.read_bytes() for path in photos.rglob("*.bmp")}
    copied = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith("made-")
              and path.name != "manifest.csv"]  # fmt: skip
    assert {Path(*path.relative_to(out).parts[1:]): path.read_bytes() for path in copied} == originals
    made = sorted(path.relative_to(out).as_posix() for path in out.rglob("made-*.png"))
    with (out / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["file"] for row in rows) == made
    assert len(made) == 29 + 42
    assert {(row["method"], row["seed"]) for row in rows} == {("smote", "3")}
    for row in rows:
        first, second = (np.asarray(Image.open(out / parent)).astype(int) for parent in row["parents"].split(";"))
        image = np.asarray(Image.open(out / row["file"])).astype(int)
        # A synthetic image of SMOTE is between its parents in every pixel.
        assert (image >= np.minimum(first, second) - 1).all()
        assert (image <= np.maximum(first, second) + 1).all()
        assert row["class"] in row["file"]


@pytest.mark.parametrize("method", ["random-over", "smote-tomek", "smote-enn"])
def test_oversamplers_keep_real_images_apart_from_synthetic_ones(unbalanced: ImageSet, method: str) -> None:
    balanced = resample(unbalanced, method)
    originals = {image.tobytes() for image in unbalanced.images}
    assert all(image.tobytes() in originals for image in balanced.real().images)
    assert balanced.is_made.sum() > 40
    for image, made in zip(balanced.images, balanced.made, strict=True):
        if made is not None and method == "random-over":
            assert np.array_equal(image, unbalanced.images[made.parents[0]])


@pytest.mark.parametrize("kept", ["all", "no manifest", "no text in the files", "names only"])
def test_a_folder_with_synthetic_images_is_recognised(photos: Path, tmp_path: Path, kept: str) -> None:
    balance_folder(photos, tmp_path / "full", "smote", test_share=0)
    train = tmp_path / "full" / "train"
    if kept in ("no manifest", "names only"):
        (tmp_path / "full" / "manifest.csv").unlink()
    if kept in ("no text in the files", "names only"):
        for path in train.rglob("made-*.png"):
            Image.fromarray(np.asarray(Image.open(path))).save(path)
    if kept == "no manifest":
        for path in list(train.rglob("made-*.png")):
            path.rename(path.with_name(f"renamed-{path.name}"))
    source = load_source(str(train))
    assert source.train.is_made.sum() > 0
    assert not source.test.is_made.any()
    # As large as a fifth of the real images.
    assert source.test.counts.tolist() == [12, 5, 2]
    assert any("are synthetic; they are used for training only" in note for note in source.notes)
    held_out = {file.name for file in source.test.files}
    if kept != "names only":
        whole = load_folder(train)
        names = {int(group): file.name for group, file in zip(whole.groups, whole.files, strict=True)}
        parents = {names[group] for made in source.train.made if made is not None for group in made.parents}
        assert parents
        assert parents.isdisjoint(held_out)
        assert any("made from images for tests" in note for note in source.notes)
    # Nor in a validation set, or as sources of others.
    assert not split(source.train, 0.2)[1].is_made.any()
    again = balance_folder(train, tmp_path / "again", "smote", test_share=0)
    assert again.before == {"c0": 60, "c1": 24, "c2": 8}


def test_synthetic_images_among_test_images_are_left_out(photos: Path, tmp_path: Path) -> None:
    balance_folder(photos, tmp_path / "full", "random-over")
    made = next((tmp_path / "full" / "train" / "c2").glob("made-*.png"))
    made.rename(tmp_path / "full" / "test" / "c2" / made.name)
    source = load_source(str(tmp_path / "full"))
    assert source.test.counts.tolist() == [12, 5, 2]
    assert source.notes[0].startswith("left 1 synthetic images out of the test images")


def test_no_test_images_at_a_share_of_0(photos: Path, tmp_path: Path) -> None:
    source = load_source(str(photos), SourceOptions(test_share=0))
    assert source.train.counts.tolist() == [60, 24, 8]
    assert not len(source.test)
    assert source.test.images.shape[1:] == (28, 28, 1)
    assert load_source(str(photos), SourceOptions(test_share=0.5)).test.counts.tolist() == [30, 12, 4]
    save_folders({"train": source.train, "test": source.train}, tmp_path / "own")
    with pytest.raises(TrainingError, match="has test images of its own; omit --test-share"):
        load_source(str(tmp_path / "own"), SourceOptions(test_share=0))
    with pytest.raises(TrainingError, match=r"--test-share must be in \[0, 1\)"):
        SourceOptions(test_share=1)


def test_proportions_and_exif_orientation_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    # Twice as wide as high, white on its left; orientation 6 turns it clockwise, so the white half is on top.
    pixels = np.zeros((20, 40), np.uint8)
    pixels[:, :20] = 255
    Image.fromarray(pixels).save(tmp_path / "a" / "plain.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a" / "turned.png", exif=exif)
    plain, turned = load_folder(tmp_path, size=32).images[..., 0].astype(int)
    assert plain.shape == (32, 32)
    # 32×16 pixels with 8 black rows above and below; the right half is black, too.
    assert plain[:8].max() == plain[24:].max() == 0
    assert plain[10:22, 2:12].min() > 250
    assert plain[10:22, 20:].max() < 5
    assert turned[:, :8].max() == turned[:, 24:].max() == 0
    assert turned[2:12, 10:22].min() > 250
    assert turned[20:, 10:22].max() < 5
