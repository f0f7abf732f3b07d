import contextlib
import os
import tarfile
import tempfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
ARCHIVE = REPOSITORY.parent / "shared" / "data" / "crnngan-corpus.tar.xz"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus published with C-RNN-GAN: from EUTERPE_CORPUS, or unpacked once into .data/."""
    if named := os.environ.get("EUTERPE_CORPUS"):
        return Path(named)
    unpacked = REPOSITORY / ".data" / "crnngan-corpus"
    if not unpacked.is_dir():
        if not ARCHIVE.is_file():
            pytest.skip(f"no corpus: set EUTERPE_CORPUS, or provide {ARCHIVE}")
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=unpacked.parent) as partial, tarfile.open(ARCHIVE) as archive:
            archive.extractall(partial, filter="data")
            # Another test process may have been faster; its copy is as good.
            with contextlib.suppress(OSError):
                (Path(partial) / "crnngan-corpus").rename(unpacked)
    return unpacked
