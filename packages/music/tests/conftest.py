import contextlib
import os
import tarfile
import tempfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
ARCHIVES = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus published with C-RNN-GAN: from EUTERPE_CORPUS, or unpacked once into .data/."""
    return corpus_directory("crnngan-corpus", "EUTERPE_CORPUS")


@pytest.fixture(scope="session")
def nottingham() -> Path:
    """Nottingham's folk tunes, with melody and chords apart."""
    return corpus_directory("nottingham", "EUTERPE_NOTTINGHAM")


@pytest.fixture(scope="session")
def pop909() -> Path:
    """POP909's songs."""
    return corpus_directory("pop909", "EUTERPE_POP909")


@pytest.fixture(scope="session")
def nottingham_jig(nottingham: Path) -> bytes:
    """A file in six eighths."""
    return (nottingham / "melody" / "jigs1.mid").read_bytes()


def corpus_directory(name: str, variable: str) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    unpacked, archive_path = REPOSITORY / ".data" / name, ARCHIVES / f"{name}.tar.xz"
    if not unpacked.is_dir():
        if not archive_path.is_file():
            pytest.skip(f"no corpus: set {variable}, or provide {archive_path}")
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=unpacked.parent) as partial, tarfile.open(archive_path) as archive:
            archive.extractall(partial, filter="data")
            # Another test process may have been faster; its copy is as good.
            with contextlib.suppress(OSError):
                (Path(partial) / name).rename(unpacked)
    return unpacked
