"""The source of the images of a run or study, as it is stored with them."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from euterpe_training.errors import TrainingError
from euterpe_training.files import write_atomically

if TYPE_CHECKING:
    from euterpe_training.balancing.counts import Unbalanced

SOURCE_FILE: Final = "source.json"


@dataclass(frozen=True)
class TaskSource:
    """A source, the counts of its classes, and how it is read; the fields are the options of the commands."""

    source: str
    counts: str = "all"
    size: int | None = None
    level: int = 1
    sha256: str = ""
    cache: str = ".data/images"
    seed: int = 0
    test_share: float | None = None

    def absolute(self) -> Self:
        """Return the source with absolute paths, so that it is found from other directories."""
        path = Path(self.source)
        source = str(path.resolve()) if path.exists() else self.source
        return replace(self, source=source, cache=str(Path(self.cache).absolute()))

    def write(self, directory: Path) -> None:
        """Store it in a directory."""
        write_atomically(directory / SOURCE_FILE, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, directory: Path, moved_to: str = "") -> Self:
        """Return what is stored in a run's directory; `moved_to` is where its images are now.

        Raise TrainingError when nothing is stored.
        """
        path = directory / SOURCE_FILE
        if not path.is_file():
            raise TrainingError(f"there is no checkpoint with a {SOURCE_FILE} in {directory}; train the run again")
        try:
            found = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise TrainingError(f"{path} is damaged; train the run again") from error
        return replace(found, source=moved_to) if moved_to else found

    def load(self) -> tuple["Unbalanced", tuple[str, ...]]:
        """Return the images, and sentences about skipped files and classes."""
        tasks, notes = self.tasks()
        return tasks(0), notes

    def tasks(self) -> tuple[Callable[[int], "Unbalanced"], tuple[str, ...]]:
        """Read the source once; return a function from a repetition's number to its images, and the notes.

        The number is added to `seed`: each repetition has another division into training and test images, where the
        source has none, and another selection by `counts`.
        """
        from euterpe_training.balancing.counts import Unbalanced, parse_counts, unbalance
        from euterpe_training.balancing.sources import SourceOptions, load_source

        options = SourceOptions(
            self.sha256, Path(self.cache), self.size, self.level, seed=self.seed, test_share=self.test_share
        )
        found = load_source(self.source, options)

        def task(repetition: int) -> Unbalanced:
            train, test = found.divided(self.test_share, self.seed + repetition)
            if self.counts == "all":
                return Unbalanced(train, test, train, test)
            return unbalance(train, test, parse_counts(self.counts, train), self.seed + repetition)

        return task, found.notes
