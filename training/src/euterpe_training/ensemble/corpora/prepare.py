"""Read all sources once and write them as memory-mapped arrays, with an index of pieces."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.spec import FORMAT

from euterpe_training.ensemble.corpora.fingerprints import clusters, sketch
from euterpe_training.ensemble.corpora.readers import UnmeteredError, read_piece
from euterpe_training.ensemble.corpora.sources import SOURCES, Source, Style
from euterpe_training.ensemble.corpora.split import load_split, make_split, write_split

NOTES_FILE = "notes.npy"
BARS_FILE = "bars.npy"
INDEX_FILE = "index.json"
_MIN_NOTES = 16


@dataclass(frozen=True)
class Entry:
    """One piece of the data set: where its notes and bars are in the arrays, its style and its side of the split."""

    name: str
    source: str
    genre: str
    kind: str
    composer: str
    side: str
    has_dynamics: bool
    first_note: int
    note_count: int
    first_bar: int
    bar_count: int


@dataclass
class SourceReport:
    """What was read of a source: files, pieces, notes, and the reasons for which files were left out."""

    files: int = 0
    pieces: int = 0
    notes: int = 0
    unmetered: int = 0
    unreadable: int = 0
    too_short: int = 0


def prepare(
    root: Path, out: Path, report: Callable[[str], None], *, renew_split: bool = False
) -> dict[str, SourceReport]:
    """Read every file of all sources below `root` and write the data set to `out`.

    The committed split is kept; with `renew_split` it is drawn anew and written, which makes all published measures
    incomparable. Files that belong to a held-out file's cluster stay out of training, too.
    """
    found, reports = read_sources(root, SOURCES, report)
    groups = group_pieces(found, report)
    if renew_split:
        write_split(make_split([each.name for each in found], [each.source for each in found], groups))
    sides = load_split()
    held = {int(group) for each, group in zip(found, groups, strict=True) if each.name in sides}
    for each, group in zip(found, groups, strict=True):
        each.side = sides.get(each.name) or ("excluded" if int(group) in held else "train")
    write_dataset(out, found)
    return reports


@dataclass
class FoundPiece:
    """A piece that was read: its file's path below the corpora's root, its source, work and style, and its side."""

    name: str
    source: str
    work: str
    style: Style
    piece: NotePiece
    side: str = "train"


def read_sources(
    root: Path, sources: Iterable[Source], report: Callable[[str], None]
) -> tuple[list[FoundPiece], dict[str, SourceReport]]:
    """Read every file of the sources below `root`; files that cannot be used are counted by their reason."""
    found: list[FoundPiece] = []
    reports: dict[str, SourceReport] = {}
    for source in sources:
        counts = reports.setdefault(source.name, SourceReport())
        for path in source.files(root):
            counts.files += 1
            piece = _read(source, root, path, counts)
            if piece is not None:
                work = f"{source.name}:{source.work_of(path)}"
                found.append(FoundPiece(path.as_posix(), source.name, work, source.style_of(path), piece))
        report(f"{source.name}: {counts}")
    return found, reports


def _read(source: Source, root: Path, path: Path, counts: SourceReport) -> NotePiece | None:
    try:
        piece = read_piece(source, root, path)
    except UnmeteredError:
        counts.unmetered += 1
        return None
    except (ValueError, RuntimeError, UnicodeDecodeError, IndexError):
        counts.unreadable += 1
        return None
    if len(piece.notes) < _MIN_NOTES:
        counts.too_short += 1
        return None
    counts.pieces += 1
    counts.notes += len(piece.notes)
    return piece


def group_pieces(found: Sequence[FoundPiece], report: Callable[[str], None]) -> np.ndarray:
    """Number the groups of pieces that belong to one work or share music; see `clusters`."""
    groups = clusters([sketch(each.piece) for each in found], [each.work for each in found])
    sizes = Counter(groups.tolist())
    report(f"{len(sizes)} clusters, the largest of {max(sizes.values(), default=0)} pieces")
    return groups


def write_dataset(out: Path, found: Sequence[FoundPiece], styles: dict[str, Any] | None = None) -> None:
    """Write pieces as a data set; `styles` are those of the network to fine-tune (by default those of the pieces)."""
    entries: list[Entry] = []
    note, bar = 0, 0
    for each in found:
        piece, style = each.piece, each.style
        entries.append(
            Entry(each.name, each.source, style.genre, style.kind, style.composer, each.side,
                  piece.has_dynamics, note, len(piece.notes), bar, len(piece.bars))
        )  # fmt: skip
        note, bar = note + len(piece.notes), bar + len(piece.bars)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / NOTES_FILE, np.concatenate([each.piece.notes.astype(NOTE) for each in found]))
    np.save(out / BARS_FILE, np.concatenate([each.piece.bars.astype(BAR_INFO) for each in found]))
    index = {"format": FORMAT, "entries": [asdict(entry) for entry in entries]}
    if styles is not None:
        index["styles"] = styles
    (out / INDEX_FILE).write_text(json.dumps(index, indent=0), encoding="utf-8")
