"""Read all sources once and write them as memory-mapped arrays, with an index of pieces."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece
from euterpe_music.note_events.spec import FORMAT

from euterpe_training.ensemble.corpora.fingerprints import clusters, sketch
from euterpe_training.ensemble.corpora.readers import UnmeteredError, read_piece
from euterpe_training.ensemble.corpora.sources import SOURCES
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
    """Read every file below `root` and write the data set to `out`.

    The committed split is kept; with `renew_split` it is drawn anew and written, which makes all published measures
    incomparable. Files that belong to a held-out file's cluster stay out of training, too.
    """
    pieces: list[NotePiece] = []
    names: list[str] = []
    source_names: list[str] = []
    works: list[str] = []
    styles = []
    reports: dict[str, SourceReport] = {}
    for source in SOURCES:
        counts = reports.setdefault(source.name, SourceReport())
        for path in source.files(root):
            counts.files += 1
            try:
                piece = read_piece(source, root, path)
            except UnmeteredError:
                counts.unmetered += 1
                continue
            except (ValueError, RuntimeError, UnicodeDecodeError, IndexError):
                counts.unreadable += 1
                continue
            if len(piece.notes) < _MIN_NOTES:
                counts.too_short += 1
                continue
            counts.pieces += 1
            counts.notes += len(piece.notes)
            pieces.append(piece)
            names.append(path.as_posix())
            source_names.append(source.name)
            works.append(f"{source.name}:{source.work_of(path)}")
            styles.append(source.style_of(path))
        report(f"{source.name}: {counts}")
    groups = clusters([sketch(piece) for piece in pieces], works)
    sizes = Counter(groups.tolist())
    report(f"{len(sizes)} clusters, the largest of {sizes.most_common(1)[0][1]} pieces")
    if renew_split:
        write_split(make_split(names, source_names, groups))
    sides = load_split()
    held = {int(group): sides[name] for name, group in zip(names, groups, strict=True) if name in sides}
    entries: list[Entry] = []
    note, bar = 0, 0
    for number, piece in enumerate(pieces):
        style = styles[number]
        side = sides.get(names[number]) or ("excluded" if int(groups[number]) in held else "train")
        entries.append(
            Entry(names[number], source_names[number], style.genre, style.kind, style.composer, side,
                  piece.has_dynamics, note, len(piece.notes), bar, len(piece.bars))
        )  # fmt: skip
        note, bar = note + len(piece.notes), bar + len(piece.bars)
    _write(out, pieces, entries)
    return reports


def _write(out: Path, pieces: list[NotePiece], entries: list[Entry]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / NOTES_FILE, np.concatenate([piece.notes.astype(NOTE) for piece in pieces]))
    np.save(out / BARS_FILE, np.concatenate([piece.bars.astype(BAR_INFO) for piece in pieces]))
    index = {"format": FORMAT, "entries": [asdict(entry) for entry in entries]}
    (out / INDEX_FILE).write_text(json.dumps(index, indent=0), encoding="utf-8")
