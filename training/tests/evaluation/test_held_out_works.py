"""Which files judge models, and how real files become scores."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import symusic
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.held_out_works import hold_out, list_corpus, load_works, merge_copies, read_works
from euterpe_training.evaluation.scores import GRID, Score, from_piece, read_score

Make = Callable[..., Score]


def write(path: Path, score: Score, semitones: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = make_notes(score.onset * 20, score.duration * 20, score.pitch + semitones, score.velocity)
    path.write_bytes(write_midi(Piece(20 * GRID, notes)))
    return path


@pytest.fixture
def corpus(tmp_path: Path, tune: Make) -> Path:
    for style in ("jigs", "songs"):
        for seed in range(10):
            write(tmp_path / style / f"{seed}.mid", tune(seed + 100 * (style == "songs")))
    write(tmp_path / "songs" / "copy.mid", tune(103), 5)
    (tmp_path / "jigs" / "broken.mid").write_bytes(b"nothing")
    return tmp_path


def test_works_are_split_by_style_and_copies_stay_together(corpus: Path) -> None:
    split = load_works(list_corpus(corpus))
    assert split.source == "hash"
    assert [Path(name).name for name in split.skipped] == ["broken.mid"]
    assert len(split.test) + len(split.others) == 21
    assert {"jigs", "songs"} == {score.style for score in split.test}
    assert not {score.work for score in split.test} & {score.work for score in split.others}
    works = {Path(score.name).name: score.work for score in (*split.test, *split.others) if score.style == "songs"}
    assert works["copy.mid"] == works["3.mid"]
    again = load_works(list_corpus(corpus)[::-1])
    assert {score.name for score in again.test} == {score.name for score in split.test}


def test_a_list_of_test_works_decides_and_takes_copies_along(corpus: Path, tmp_path: Path) -> None:
    rows = [{"path": "songs/3.mid", "work": "third song", "style": "songs"}]
    path = tmp_path / "works.json"
    path.write_text(json.dumps(rows))
    split = load_works(list_corpus(corpus), read_works(path, corpus))
    assert split.source == "list"
    assert {Path(score.name).name for score in split.test} == {"3.mid", "copy.mid"}
    rows[0]["path"] = "songs/none.mid"
    path.write_text(json.dumps(rows))
    with pytest.raises(TrainingError, match=r"1 files of .* are not under"):
        read_works(path, corpus)
    path.write_text("[{}]")
    with pytest.raises(TrainingError, match="path, work and style"):
        read_works(path, corpus)


def test_a_list_in_text_may_name_files_of_other_corpora(corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "works.txt"
    path.write_text(f"{corpus.name}/songs/3.mid\njigs/4.mid\nothers/songs/5.mid\n")
    assert [(file.work, file.style) for file in read_works(path, corpus)] == [
        ("jigs/4.mid", "jigs"), ("songs/3.mid", "songs"),
    ]  # fmt: skip
    path.write_text("others/songs/5.mid\n")
    with pytest.raises(TrainingError, match="none of the 1 files"):
        read_works(path, corpus)


def test_a_share_of_the_works_of_each_style_is_held_out(tune: Make) -> None:
    scores = [replace(tune(seed), style=style, work=f"{style} {seed}") for style in "ab" for seed in range(20)]
    held = hold_out(scores)
    assert [sum(name.startswith(style) for name in held) for style in "ab"] == [4, 4]
    assert hold_out(reversed(scores)) == held


def test_copies_get_one_work_even_in_another_key(tune: Make) -> None:
    moved = replace(tune(1), pitch=tune(1).pitch + 4, work="moved")
    works = [score.work for score in merge_copies([tune(0), tune(1), moved])]
    assert works[0] != works[1] == works[2]
    assert merge_copies([]) == []


def test_drums_unisons_and_resolution(tmp_path: Path) -> None:
    rows = np.array([(0, 480, 60, 0), (0, 240, 60, 1), (0, 960, 36, 2), (480, 480, 64, 0), (485, 100, 67, 0)])
    notes = make_notes(*rows.T[:3], 80, rows[:, 3])
    score = from_piece(Piece(480, notes, (Track(0), Track(40), Track(0, is_drum=True))))
    assert list(zip(score.onset, score.duration, score.pitch, strict=True)) == [
        (0, GRID, 60), (GRID, GRID, 64), (GRID, 5, 67),
    ]  # fmt: skip
    path = tmp_path / "drums.mid"
    path.write_bytes(write_midi(Piece(480, make_notes([0], 1, 36, 80), (Track(0, is_drum=True),))))
    with pytest.raises(ValueError, match="no notes but drums"):
        read_score(path)


def test_signatures_of_a_file_give_bars_and_key(tmp_path: Path, tune: Make) -> None:
    path = write(tmp_path / "tune.mid", tune(0))
    file = symusic.Score(str(path))
    file.time_signatures.append(symusic.TimeSignature(0, 6, 8))
    file.key_signatures.append(symusic.KeySignature(0, -1, 1))
    file.dump_midi(str(path))
    score = read_score(path)
    assert [str(meter) for meter in score.meters] == ["6/8"]
    assert score.bars[:3].tolist() == [0, 72, 144]
    assert (score.key, score.is_key_requested) == ("D minor", False)


def test_annotated_beats_replace_the_files_ticks(tmp_path: Path) -> None:
    seconds = np.array([0.3, 0.9, 1.4, 2.1, 2.9, 3.4, 3.9, 4.5])
    notes = make_notes(np.rint(seconds[:-1] * 960), np.rint(np.diff(seconds) * 960), 60 + np.arange(7), 80)
    path = tmp_path / "song.mid"
    path.write_bytes(write_midi(Piece(480, notes)))
    down = [0, 0, 0, 1, 0, 0, 0, 1]
    np.savetxt(tmp_path / "beat_midi.txt", np.stack([seconds, np.zeros(8), down], 1))
    score = read_score(path)
    assert score.onset.tolist() == [GRID * beat for beat in range(7)]
    assert score.bars.tolist() == [3 * GRID, 7 * GRID]
    assert [str(meter) for meter in score.meters] == ["4/4"]


def test_nottingham_styles_come_from_names_and_its_parts_are_left_out(tmp_path: Path, tune: Make) -> None:
    for name in ("jigs1.mid", "reelsa-c3.mid", "melody/jigs1.mid", "chords/jigs1.mid"):
        write(tmp_path / name, tune(0))
    assert [(file.path.name, file.style) for file in list_corpus(tmp_path)] == [
        ("jigs1.mid", "jigs"), ("reelsa-c3.mid", "reels"),
    ]  # fmt: skip
    (tmp_path / "none").mkdir()
    with pytest.raises(TrainingError, match=r"holds no \.mid"):
        list_corpus(tmp_path / "none")
