"""Keeps a copy of a run's directory in a bucket, so that another machine can resume the run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from euterpe_training.storage import Folder

#: Files that are being written, or have a meaning on one machine only.
_LEFT_OUT: Final = frozenset({".partial", ".new", ".pid"})
#: Corpora are thousands of small files.
_THREADS: Final = 16


class DirectorySync:
    """One local directory and its copy in a folder. Trainers replace a file as a whole, so every copy is complete."""

    def __init__(self, folder: Folder, prefix: str, directory: Path) -> None:
        self._folder = folder
        self._prefix = f"{prefix.strip('/')}/"
        self._directory = directory
        #: Path → size and time of the last change of what the copy has.
        self._copied: dict[str, tuple[int, int]] = {}

    def download(self) -> list[str]:
        """Copy all files of the folder that the directory does not have; return their paths. Raises OSError.

        Files that are there stay: they are of the same run, and newer.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        found = [path.removeprefix(self._prefix) for path in self._folder.list(self._prefix)]
        missing = [path for path in found if not (self._directory / path).is_file()]
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(self._download, missing))
        self._copied |= {path: self._state(path) for path in missing}
        return missing

    def upload(self) -> list[str]:
        """Copy all files that have changed since the last copy; return their paths. Raises OSError."""
        files = (path for path in sorted(self._directory.rglob("*")) if path.is_file() and path.suffix not in _LEFT_OUT)
        uploaded = []
        for name in (path.relative_to(self._directory).as_posix() for path in files):
            # Read before the copy: a file that changes meanwhile is copied again.
            state = self._state(name)
            if self._copied.get(name) != state:
                self._folder.upload(self._directory / name, f"{self._prefix}{name}")
                self._copied[name] = state
                uploaded.append(name)
        return uploaded

    def _download(self, path: str) -> None:
        self._folder.download(f"{self._prefix}{path}", self._directory / path)

    def _state(self, path: str) -> tuple[int, int]:
        stat = (self._directory / path).stat()
        return stat.st_size, stat.st_mtime_ns
