"""Where the images of a set come from: files of the user, or a balancing method."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from euterpe_training.errors import TrainingError

#: The names of synthetic images begin with this.
MADE_PREFIX: Final = "made-"
MANIFEST_FILE: Final = "manifest.csv"
#: Key of the text in a PNG file that describes how it was made; it survives renaming and loss of the manifest.
_PNG_KEY: Final = "Euterpe-Balancing"
_COLUMNS: Final = ("file", "class", "parents", "method", "seed", "model")


class SourceFile(NamedTuple):
    """A file of the user: its path, and its name below the folder of its class."""

    path: Path
    name: str


@dataclass(frozen=True)
class Made:
    """How a synthetic image was made.

    `parents` are the groups (`ImageSet.groups`) of the real images it was made from; none for methods that sample
    images without them. `model` is the SHA-256 of the checkpoint of a trained method.
    """

    method: str
    seed: int = 0
    parents: tuple[int, ...] = ()
    model: str = ""


@dataclass(frozen=True)
class Record:
    """How a file was made, as stored with it: `parents` are names below the folder of its class."""

    method: str
    seed: int = 0
    parents: tuple[str, ...] = ()
    model: str = ""

    def png_text(self) -> PngInfo:
        """Return the description to store in the PNG file."""
        info = PngInfo()
        info.add_text(_PNG_KEY, json.dumps(vars(self)))
        return info


def read_record(path: Path, opened: Image.Image, listed: dict[Path, Record]) -> Record | None:
    """Return how an opened file was made: by its own text, by the manifest, or by its name; None for a real image."""
    text = opened.info.get(_PNG_KEY)
    if isinstance(text, str):
        try:
            content = json.loads(text)
            return Record(
                str(content["method"]), int(content["seed"]), tuple(map(str, content["parents"])), str(content["model"])
            )
        except (ValueError, KeyError, TypeError):
            return Record("unknown")
    if path in listed:
        return listed[path]
    return Record("unknown") if path.name.startswith(MADE_PREFIX) else None


def manifest_text(rows: list[tuple[str, str, Record]]) -> str:
    """Return the manifest of synthetic images, each given by its folder, its name in it, and its record."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for folder, name, record in rows:
        parents = ";".join(f"{folder}/{parent}" for parent in record.parents)
        label = folder.rsplit("/", 1)[-1]
        writer.writerow([f"{folder}/{name}", label, parents, record.method, record.seed, record.model])
    return text.getvalue()


def read_manifest(directory: Path) -> dict[Path, Record]:
    """Return the records of the manifest in `directory` or above it, by path; raise TrainingError for a damaged one."""
    for place in (directory, directory.parent):
        path = place / MANIFEST_FILE
        if path.is_file():
            return _parse(path)
    return {}


def _parse(path: Path) -> dict[Path, Record]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != _COLUMNS:
            # A manifest of something else.
            return {}
        try:
            return {path.parent / row["file"]: _record(row) for row in reader}
        except (ValueError, AttributeError, TypeError) as error:
            raise TrainingError(f"{path} is damaged; restore it, or remove it and the files {MADE_PREFIX}*") from error


def _record(row: dict[str, Any]) -> Record:
    folder = row["file"].rsplit("/", 1)[0] + "/"
    parents = tuple(parent.removeprefix(folder) for parent in row["parents"].split(";") if parent)
    return Record(row["method"], int(row["seed"]), parents, row["model"])
