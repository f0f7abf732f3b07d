"""Measure what the event representation loses of each source: onsets, lengths, velocities, tempi, notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from euterpe_music.note_events.decode import decode
from euterpe_music.note_events.encode import encode
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import LENGTHS, TICKS_PER_QUARTER
from symusic.core import ScoreTick

from euterpe_training.ensemble.corpora.readers import UnmeteredError, read_piece
from euterpe_training.ensemble.corpora.sources import SOURCES, Source


@dataclass
class Losses:
    """What was lost of one source, over all of its files that are read."""

    files: int = 0
    unmetered: int = 0
    unreadable: int = 0
    notes_in: int = 0
    notes_out: int = 0
    onset_errors: list[np.ndarray] = field(default_factory=list)
    length_errors: list[np.ndarray] = field(default_factory=list)
    unstable: int = 0

    def onset_error(self, quantile: float) -> float:
        """Return a quantile of the onset errors in quarters; NaN where the source was placed along other beats."""
        return _quantile(self.onset_errors, quantile)

    def length_error(self, quantile: float) -> float:
        """Return a quantile of the relative errors of lengths."""
        return _quantile(self.length_errors, quantile)


def measure(root: Path, report: Callable[[str], None], every: int = 1) -> dict[str, Losses]:
    """Encode every `every`-th file of each source and compare it with the file, and with itself after decoding."""
    results = {}
    for source in SOURCES:
        losses = results[source.name] = Losses()
        for path in list(source.files(root))[::every]:
            losses.files += 1
            try:
                piece = read_piece(source, root, path)
            except UnmeteredError:
                losses.unmetered += 1
            except (ValueError, RuntimeError, IndexError):
                losses.unreadable += 1
            else:
                _compare(losses, source, root / path, piece)
        report(f"{source.name}: {losses.files} files")
    return results


def _compare(losses: Losses, source: Source, path: Path, piece: NotePiece) -> None:
    again = encode(decode(piece))
    losses.unstable += not np.array_equal(again.notes, piece.notes)
    score = ScoreTick.from_file(path)
    tracks = [track for track in score.tracks if len(track.notes) and (track.is_drum or track.program < 120)]
    losses.notes_in += sum(len(track.notes) for track in tracks)
    losses.notes_out += len(piece.notes)
    if source.name == "pop909":
        return  # Its notes are placed along annotated beats, which the file itself does not hold.
    scale = 1 / score.ticks_per_quarter
    columns = [track.notes.numpy() for track in tracks]
    onsets = np.concatenate([column["time"] for column in columns]) * scale
    lengths = np.concatenate([column["duration"] for column in columns]) * scale
    steps = np.rint(onsets * TICKS_PER_QUARTER) / TICKS_PER_QUARTER
    losses.onset_errors.append(np.abs(onsets - steps))
    nearest = LENGTHS[np.abs(LENGTHS[:, None] / TICKS_PER_QUARTER - lengths[None, :4000]).argmin(axis=0)]
    losses.length_errors.append(
        np.abs(nearest / TICKS_PER_QUARTER - lengths[:4000]) / np.maximum(lengths[:4000], 1 / 24)
    )


def _quantile(parts: Sequence[np.ndarray], quantile: float) -> float:
    return float(np.quantile(np.concatenate(parts), quantile)) if parts else float("nan")


def table(results: dict[str, Losses]) -> list[str]:
    """Return the results as a Markdown table."""
    lines = [
        (
            "| source | files | unmetered | unreadable | notes kept | onset error, median / 95 % (quarters) | "
            "length error, median / 95 % | changed by a second round trip |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, losses in results.items():
        kept = losses.notes_out / max(losses.notes_in, 1)
        lines.append(
            f"| {name} | {losses.files} | {losses.unmetered} | {losses.unreadable} | {kept:.1%} | "
            f"{losses.onset_error(0.5):.4f} / {losses.onset_error(0.95):.4f} | "
            f"{losses.length_error(0.5):.1%} / {losses.length_error(0.95):.1%} | {losses.unstable} |"
        )
    return lines
