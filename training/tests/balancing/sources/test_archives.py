"""Archives that are damaged, have another digest, or cannot be downloaded or stored."""

import hashlib
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from euterpe_training.balancing.sources import SourceOptions, load_source
from euterpe_training.errors import TrainingError
from PIL import Image

FORMATS = ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"]
Damage = Callable[[bytes], bytes]


def pack(directory: Path, kind: str, name: str = "noise") -> Path:
    """Three classes of 8 images of noise, which is incompressible, so that damage affects one of the files."""
    random = np.random.default_rng(0)
    for label in range(3):
        folder = directory / "packed" / f"c{label}"
        folder.mkdir(parents=True)
        for number in range(8):
            Image.fromarray(random.integers(0, 256, (24, 24), np.uint8)).save(folder / f"{number}.png")
    archive = directory / f"{name}.{kind}"
    paths = sorted((directory / "packed").rglob("*.png"))
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
            for path in paths:
                files.write(path, path.relative_to(directory / "packed"))
    else:
        with tarfile.open(archive, f"w:{kind.removeprefix('tar').removeprefix('.')}") as tar:  # type: ignore[call-overload]
            for path in paths:
                tar.add(path, path.relative_to(directory / "packed"))
    return archive


def flipped(content: bytes, at: int, count: int = 40) -> bytes:
    return content[:at] + bytes(byte ^ 0xFF for byte in content[at : at + count]) + content[at + count :]


def assert_one_sentence(error: pytest.ExceptionInfo[TrainingError], name: str) -> None:
    assert name in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_archive_gives_all_its_images_under_its_own_name(tmp_path: Path, kind: str) -> None:
    source = load_source(str(pack(tmp_path, kind)), SourceOptions(cache=tmp_path / "cache"))
    assert len(source.train) + len(source.test) == 24
    assert source.train.name == source.test.name == "noise"


def _first_header_after_the_half(content: bytes) -> bytes:
    at = next(at for at in range(len(content) // 1024 * 512, len(content), 512) if content[at : at + 1] == b"c")
    return flipped(content, at)


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("tar", _first_header_after_the_half),
        ("tar", lambda content: content[: content.rindex(b"IEND") // 512 * 512 + 512]),
        *((kind, lambda content: flipped(content, len(content) // 2)) for kind in FORMATS[1:]),
        *((kind, lambda content: content[: len(content) * 2 // 3]) for kind in FORMATS),
        ("tar.gz", lambda content: flipped(content, len(content) - 8, 4)),
        ("zip", lambda _: b"PK\x03\x04"),
        ("zip", lambda content: content[:-10] + bytes(4) + content[-6:]),  # no bytes of directory, so no files
        ("zip", lambda _: b"not an archive at all"),
        ("zip", lambda _: b""),
    ],
)
def test_a_damaged_archive_is_refused_and_not_stored(tmp_path: Path, kind: str, damage: Damage) -> None:
    archive = pack(tmp_path, kind)
    archive.write_bytes(damage(archive.read_bytes()))
    for _ in range(2):
        with pytest.raises(TrainingError, match="is damaged; download it again") as error:
            load_source(str(archive), SourceOptions(cache=tmp_path / "cache"))
        assert_one_sentence(error, archive.name)
    assert not list((tmp_path / "cache").iterdir())


def test_no_damage_to_a_compressed_archive_loses_images(tmp_path: Path) -> None:
    archive = pack(tmp_path, "tar.gz")
    content = archive.read_bytes()
    options = SourceOptions(cache=tmp_path / "cache")
    for at in range(10, len(content) - 40, len(content) // 25):
        archive.write_bytes(flipped(content, at))
        with pytest.raises(TrainingError, match="damaged"):
            load_source(str(archive), options)


def test_encrypted_archives_and_path_traversal_are_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path, "zip")
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(TrainingError, match="encrypted"):
        load_source(str(archive), SourceOptions(cache=tmp_path / "cache"))
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(archive, "../outside.zip")
    with pytest.raises(TrainingError, match="would write outside its directory"):
        load_source(str(tmp_path / "evil.tar"), SourceOptions(cache=tmp_path / "cache"))
    assert not list((tmp_path / "cache").iterdir())


def test_the_digest_of_a_local_archive_is_verified(tmp_path: Path) -> None:
    archive = pack(tmp_path, "zip")
    right, cache = hashlib.sha256(archive.read_bytes()).hexdigest().upper(), tmp_path / "cache"
    assert load_source(str(archive), SourceOptions(right, cache)).train.classes == ("c0", "c1", "c2")
    with pytest.raises(TrainingError, match="has the SHA-256") as error:
        load_source(str(archive), SourceOptions("0" * 64, cache))
    assert_one_sentence(error, archive.name)
    with pytest.raises(TrainingError, match="omit --sha256"):
        load_source(str(tmp_path / "packed"), SourceOptions(right, cache))


@pytest.fixture
def served(tmp_path: Path, address: str) -> tuple[str, Path]:
    archive = pack(tmp_path, "zip")
    return address, archive


def test_a_missing_page_is_reported_in_one_sentence(served: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the server answered 404") as error:
        load_source(f"{served[0]}/other.zip", SourceOptions("0" * 64, tmp_path / "cache"))
    assert_one_sentence(error, "other.zip")


@pytest.mark.parametrize("place", ["http://[", "http://", "HTTPS://a:99999999/b.zip", "http://a\x01b/c.zip"])
def test_an_invalid_url_is_reported_in_one_sentence(tmp_path: Path, place: str) -> None:
    with pytest.raises(TrainingError, match=r"not a valid URL|cannot be downloaded") as error:
        load_source(place, SourceOptions("0" * 64, tmp_path / "cache"))
    assert_one_sentence(error, place)


def test_a_cache_that_is_a_file_is_reported_in_one_sentence(served: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    for place, digest in ((str(served[1]), ""), (f"{served[0]}/noise.zip", "0" * 64)):
        with pytest.raises(TrainingError, match="writable directory with --cache") as error:
            load_source(place, SourceOptions(digest, tmp_path / "cache"))
        assert_one_sentence(error, "cache")


def test_a_fetched_archive_that_was_damaged_in_the_cache_is_fetched_again(
    served: tuple[str, Path], tmp_path: Path
) -> None:
    digest, cache = hashlib.sha256(served[1].read_bytes()).hexdigest(), tmp_path / "cache"
    kept = cache / digest / "noise.zip"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"cut off")
    source = load_source(f"{served[0]}/noise.zip", SourceOptions(digest, cache))
    assert (len(source.train) + len(source.test), source.train.name) == (24, "noise")
