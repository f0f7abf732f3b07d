"""Loading a directory as tunes on a grid, transposed and split, with a report of losses."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from euterpe_music.tokens import Form, Meter, QuantizedTrack
from euterpe_music.tokens.conditioning import UNKNOWN_MODE
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS
from euterpe_music.tokens.tonality import tonic_shift, white_key_shift

from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.layouts import read_tunes
from euterpe_training.melody.tunes import (
    Report,
    Tune,
    grid_start,
    quantize_tune,
    rejection_reason,
    without_interludes,
)

Split = Literal["train", "validation", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "validation", "test")
#: Shares of training and validation songs, as in C-RNN-GAN's corpora (references.md §1).
_SHARES: Final = (0.64, 0.16)


@dataclass(frozen=True, eq=False)
class Song:
    """A tune on a grid. `bars` are the steps at which bars begin; `shift` is its transposition in semitones."""

    name: str
    style: str
    meter: Meter
    bars: tuple[int, ...]
    melody: QuantizedTrack
    accompaniment: QuantizedTrack
    shift: int = 0
    mode: int = UNKNOWN_MODE

    def form(self, style: int) -> Form:
        """Return its form, for conditioning."""
        return Form(self.melody.end, self.meter, style, bars=self.bars, mode=self.mode)

    def coarse(self) -> "Song":
        """Return the song on the grid of sixteenths, on which conditioning features are defined."""
        per = self.melody.steps_per_quarter // SIXTEENTHS
        parts = [track.to_sixteenths() for track in (self.melody, self.accompaniment)]
        bars = tuple(bar // per for bar in self.bars)
        return replace(self, bars=bars, melody=parts[0], accompaniment=parts[1])


@dataclass(frozen=True, eq=False)
class MelodyCorpus:
    """Songs, and a report on all files. `sha256` is of the notes as read."""

    name: str
    songs: tuple[Song, ...]
    report: Report
    sha256: str
    styles: tuple[str, ...] = field(default=())

    def split(self, wanted: Split, seed: int = 0) -> list[Song]:
        """Return the songs of a part: every song is in exactly one, equal for equal seeds."""
        order = np.random.default_rng(seed).permutation(len(self.songs))
        first = round(len(order) * _SHARES[0])
        second = first + round(len(order) * _SHARES[1])
        part = {"train": order[:first], "validation": order[first:second], "test": order[second:]}[wanted]
        return [self.songs[index] for index in np.sort(part)]


def load_melody_corpus(
    directory: Path,
    steps_per_quarter: int = SIXTEENTHS,
    *,
    white_keys: bool = True,
    limit: int | None = None,
    style: str = "",
) -> MelodyCorpus:
    """Load the tunes under `directory` on a grid; the report lists unusable files.

    With `white_keys` each tune is transposed to C major or A minor if the corpus states its key, and otherwise to
    maximize its time on white keys; see `tokens.tonality`. With `style` only tunes of this style are
    used, and of these at most `limit`, evenly spread. Raise TrainingError when no file is usable.
    """
    report = Report()
    total = hashlib.sha256()
    tunes: list[Tune] = []
    for name, tune in read_tunes(directory):
        report.files += 1
        reason = tune if isinstance(tune, str) else rejection_reason(tune)
        if reason or isinstance(tune, str):
            report.skipped[name] = str(reason)
            continue
        tunes.append(tune)
    if not tunes:
        raise TrainingError(f"none of the {report.files} files of {directory} can be used; the first one: "
                            f"{next(iter(report.skipped.values()), 'there is none')}")  # fmt: skip
    tunes = _selected(tunes, style, limit)
    for tune in tunes:
        for part in (tune.melody, tune.accompaniment):
            total.update(np.round(np.stack([part.onset, part.length, part.pitch]), 4).tobytes())
    songs = tuple(_song(tune, steps_per_quarter, report, white_keys=white_keys) for tune in tunes)
    report.used = len(songs)
    styles = tuple(sorted({song.style for song in songs}))
    return MelodyCorpus(directory.name, songs, report, total.hexdigest(), styles)


def _selected(tunes: list[Tune], style: str, limit: int | None) -> list[Tune]:
    styles = sorted({tune.style for tune in tunes})
    if style and style not in styles:
        raise TrainingError(f"the corpus has no style {style!r}; its styles are: {', '.join(styles)}")
    found = [tune for tune in tunes if not style or tune.style == style]
    if limit is None or limit >= len(found):
        return found
    return [found[at] for at in np.linspace(0, len(found) - 1, limit).astype(int).tolist()]


def _song(tune: Tune, steps_per_quarter: int, report: Report, *, white_keys: bool) -> Song:
    report.irregular_bars += int((np.abs(np.diff(tune.bars) - tune.meter.bar / 4) > 1e-6).sum())
    tune, removed = without_interludes(tune)
    report.rest_bars_left_out += removed
    shift, mode = _white_key_shift(tune) if white_keys else (0, UNKNOWN_MODE)
    tune = replace(tune, melody=tune.melody.transposed(shift), accompaniment=tune.accompaniment.transposed(shift))
    melody, accompaniment, melody_loss, accompaniment_loss = quantize_tune(tune, steps_per_quarter)
    report.melody += melody_loss
    report.accompaniment += accompaniment_loss
    start = grid_start(tune, steps_per_quarter)
    steps = (round(bar * steps_per_quarter) - start for bar in tune.bars.tolist())
    bars = tuple(step for step in steps if 0 <= step < melody.end)
    return Song(tune.name, tune.style, tune.meter, bars, melody, accompaniment, shift, mode)


def _white_key_shift(tune: Tune) -> tuple[int, int]:
    parts = (tune.melody, tune.accompaniment)
    lengths = np.minimum(np.concatenate([part.length for part in parts]), 4.0)
    pitch = np.concatenate([part.pitch for part in parts])
    if tune.key is not None:
        return tonic_shift(pitch, lengths, tune.key)
    return white_key_shift(pitch, lengths), UNKNOWN_MODE


def corpus_for(directory: Path, config: MelodyConfig) -> MelodyCorpus:
    """Load the corpus with the grid, keys, style and number of songs of a configuration."""
    grid = SIXTEENTHS if config.encoding == 1 else FINE
    return load_melody_corpus(
        directory, grid, white_keys=config.keys == "white", limit=config.songs or None, style=config.style
    )
