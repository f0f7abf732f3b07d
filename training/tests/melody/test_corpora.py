from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.tokens import Meter, encode_steps
from euterpe_music.tokens.conditioning import MAJOR, MINOR, UNKNOWN_MODE
from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import SPLITS, load_melody_corpus
from euterpe_training.melody.data import batches, encode_split, make_token_format
from euterpe_training.melody.layouts import key_with_mode
from euterpe_training.melody.tunes import Notes, Tune, without_interludes


def test_two_folders_are_melody_and_accompaniment(two_folders: Path) -> None:
    corpus = load_melody_corpus(two_folders)
    assert (corpus.report.files, corpus.report.used) == (14, 13)
    assert corpus.report.skipped == {"reelsa-c0.mid": "it has no chords"}
    assert corpus.styles == ("jigs", "reels")
    song = corpus.songs[0]
    assert len(song.melody) == 80
    assert encode_steps(song.accompaniment)[1:16] == ["_"] * 15
    assert song.bars[:3] == (0, 16, 32)
    assert corpus.report.melody.moved == 0


def test_white_keys_hold_every_song_and_as_written_moves_none(two_folders: Path) -> None:
    white, written = load_melody_corpus(two_folders), load_melody_corpus(two_folders, white_keys=False)
    classes = [{pitch % 12 for song in corpus.songs for each in song.melody.pitches for pitch in each}
               for corpus in (white, written)]  # fmt: skip
    assert classes[0] <= {0, 2, 4, 5, 7, 9, 11} < classes[1] | classes[0]
    assert {song.shift for song in white.songs} == {0, -1, -2}
    assert {song.shift for song in written.songs} == {0}


def test_skipped_files_are_reported_with_the_reason(any_folder: Path) -> None:
    report = load_melody_corpus(any_folder).report
    assert (report.files, report.used) == (7, 4)
    assert set(report.skipped) == {"short.mid", "drums.mid", "broken.mid"}
    assert "bars" in report.skipped["short.mid"]
    assert "drum notes" in report.skipped["drums.mid"]


def test_every_song_is_in_exactly_one_part(two_folders: Path) -> None:
    corpus = load_melody_corpus(two_folders)
    names = [song.name for part in SPLITS for song in corpus.split(part)]
    assert sorted(names) == sorted(song.name for song in corpus.songs)
    assert [len(corpus.split(part)) for part in SPLITS] == [8, 2, 3]


def test_long_rests_of_the_melody_go_with_their_accompaniment() -> None:
    """Bars 0 (an introduction), 6 and 7 (all but two of a long rest) are removed."""
    melody = Notes(np.array([4.0, 8.0, 12.0, 32.0]), np.full(4, 4.0), np.full(4, 72))
    chords = Notes(np.arange(10) * 4.0, np.full(10, 4.0), 48 + np.arange(10))
    tune = Tune("x", "pop", Meter(4, 4), np.arange(10) * 4.0, melody, chords)
    kept, left_out = without_interludes(tune)
    assert kept.melody.onset.tolist() == [0.0, 4.0, 8.0, 20.0]
    assert kept.accompaniment.pitch.tolist() == [49, 50, 51, 52, 53, 56]
    assert kept.accompaniment.onset.tolist() == [0, 4, 8, 12, 16, 20]
    assert left_out == 3
    pickup = replace(tune, bars=tune.bars[2:], melody=melody, accompaniment=chords)
    assert without_interludes(pickup)[0].melody.onset.tolist() == [4.0, 8.0, 12.0, 24.0]


def test_a_corpus_without_tunes_is_refused_with_the_reason(tmp_path: Path) -> None:
    for directory, words in ((tmp_path / "none", "not a directory"), (tmp_path, "has no")):
        with pytest.raises(TrainingError, match=words):
            load_melody_corpus(directory)
    (tmp_path / "x.mid").write_bytes(b"MThd")
    with pytest.raises(TrainingError, match="none of the 1 files"):
        load_melody_corpus(tmp_path)


def test_the_stated_key_gives_each_song_its_tonic_and_mode(two_folders: Path, tmp_path: Path) -> None:
    for folder in ("melody", "chords"):
        (tmp_path / folder).mkdir()
    for name, semitones, key in (("a", 0, "C major"), ("b", 2, "D major"), ("c", 5, "D minor"), ("d", 0, None)):
        for folder in ("melody", "chords"):
            piece = read_midi((two_folders / folder / "reelsa-c12.mid").read_bytes())
            notes = piece.notes.copy()
            notes["pitch"] += semitones
            keys = (KeyChange(0, KeySignature.parse(key)),) if key else ()
            (tmp_path / folder / f"{name}.mid").write_bytes(write_midi(replace(piece, notes=notes, keys=keys)))
    songs = {song.name: song for song in load_melody_corpus(tmp_path).songs}
    assert {name: (song.shift, song.mode) for name, song in songs.items()} == {
        "a": (0, MAJOR), "b": (-2, MAJOR), "c": (-5, MINOR), "d": (0, UNKNOWN_MODE),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bass", "tune", "key"),
    [
        ((36, 43, 36), (60, 64, 67), "C major"),
        ((36, 40, 45), (60, 64, 69), "A minor"),
        # The last chord is the dominant, which leads back to the beginning: all notes decide.
        ((36, 36, 43), (60, 64, 67, 60), "C major"),
        ((45, 45, 40), (69, 72, 76, 69, 69), "A minor"),
        # A tune on D with the white keys is dorian: neither major nor minor.
        ((38, 45, 38), (62, 65, 69, 62, 60, 62), None),
    ],
)
def test_the_mode_of_a_key_signature_is_that_of_the_last_chord(
    bass: tuple[int, ...], tune: tuple[int, ...], key: str | None
) -> None:
    def notes(pitches: tuple[int, ...], triad: tuple[int, ...] = (0,)) -> Notes:
        pitch = np.array([each + step for each in pitches for step in triad])
        onset = np.repeat(np.arange(len(pitches), dtype=np.float64), len(triad))
        return Notes(onset, np.ones(len(pitch)), pitch)

    found = key_with_mode(KeySignature.parse("C major"), notes(tune), notes(bass))
    assert found == (None if key is None else KeySignature.parse(key))


def test_the_mode_is_left_open_in_a_share_of_the_training_windows(two_folders: Path) -> None:
    config = MelodyConfig("modes", conditioned=True, keys="white", modes=True, window=16, batch_size=8)
    corpus = load_melody_corpus(two_folders)
    corpus = replace(corpus, songs=tuple(replace(song, mode=MINOR) for song in corpus.songs))
    token_format = make_token_format(corpus, config)
    assert [feature.name for feature in token_format.features][:2] == ["style", "mode"]
    encoded = encode_split(corpus, "train", token_format, config)
    found = np.concatenate([
        batch.conditions[:, 0, 1] for _ in range(8) for batch in batches(encoded, config, np.random.default_rng(1))
    ])  # fmt: skip
    assert set(found.tolist()) == {UNKNOWN_MODE, MINOR}
    assert 0.1 < (found == UNKNOWN_MODE).mean() < 0.3
    held_out = np.concatenate([batch.conditions[:, 0, 1] for batch in batches(encoded, config, None)])
    assert set(held_out.tolist()) == {MINOR}
    with pytest.raises(TrainingError, match="modes needs"):
        MelodyConfig("modes", modes=True)
