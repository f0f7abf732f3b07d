"""Synthetic corpora in each layout: tunes in C over three chords, some in 6/8."""

from pathlib import Path

import numpy as np
import pytest
from euterpe_music.midi import Piece, Tempo, Track, write_midi
from euterpe_music.piece import make_notes

_CHORDS = ((48, 52, 55), (53, 57, 60), (55, 59, 62))


def parts(seed: int, bars: int = 10, beats: int = 4) -> tuple[Piece, Piece, Piece]:
    """Melody, chords, and both on two tracks: eighths that run over the notes of the bar's chord."""
    random = np.random.default_rng(seed)
    roots = random.integers(0, 3, bars)
    melody, chords = [], []
    for bar, root in enumerate(roots.tolist()):
        start = bar * beats * 480
        pitches = np.array(_CHORDS[root])[random.integers(0, 3, 2 * beats)] + 12 + seed % 3
        melody.append(make_notes(start + np.arange(2 * beats) * 240, 240, pitches, 90))
        chords.append(make_notes(start, beats * 480, np.array(_CHORDS[root]) + seed % 3, 70))
    first, second = np.concatenate(melody), np.concatenate(chords)
    both = np.concatenate([first, second])
    both["track"][len(first) :] = 1
    tempo = (Tempo(0, 110.0),)
    return (
        Piece(480, first, (Track(0),), tempo),
        Piece(480, second, (Track(0),), tempo),
        Piece(480, both, (Track(0), Track(0)), tempo),
    )


@pytest.fixture(scope="session")
def two_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As Nottingham: melody/ and chords/, one tune without chords."""
    directory = tmp_path_factory.mktemp("folk")
    for name in ("melody", "chords"):
        (directory / name).mkdir()
    for seed in range(14):
        name = f"{'jigs' if seed % 2 else 'reelsa-c'}{seed}.mid"
        melody, chords, _ = parts(seed)
        (directory / "melody" / name).write_bytes(write_midi(melody))
        if seed:
            (directory / "chords" / name).write_bytes(write_midi(chords))
    return directory


@pytest.fixture(scope="session")
def any_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of two tracks, one that is too short, one that is drums only, one that is broken."""
    directory = tmp_path_factory.mktemp("anything")
    (directory / "slow").mkdir()
    for seed in range(4):
        (directory / "slow" / f"{seed}.mid").write_bytes(write_midi(parts(seed)[2]))
    (directory / "short.mid").write_bytes(write_midi(parts(9, bars=2)[2]))
    drums = Piece(480, make_notes(np.arange(40) * 480, 10, 36, 90), (Track(0, True),))
    (directory / "drums.mid").write_bytes(write_midi(drums))
    (directory / "broken.mid").write_bytes(b"MThd....")
    return directory
