import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from euterpe_music.events import decode
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import CrnnganConfig
from euterpe_training.errors import TrainingError


def test_songs_are_found_and_skipped_files_have_a_reason(corpus: Corpus) -> None:
    assert len(corpus) == 12
    assert corpus.names[0] == "deeper/tune-00.mid"
    assert set(corpus.skipped) == {"broken.mid", "short.MID"}
    assert "MThd" in corpus.skipped["broken.mid"]
    assert "events" in corpus.skipped["short.MID"]


def test_unreadable_files_do_not_change_other_songs(
    midi_directory: Path, config: CrnnganConfig, corpus: Corpus, tmp_path: Path
) -> None:
    directory = tmp_path / "corpus"
    shutil.copytree(midi_directory, directory)
    good = directory / corpus.names[3]
    for name, content in (("a.mid", b"MThd"), ("b.mid", good.read_bytes()[:-7]), ("c.mid", b"RIFF")):
        (good.parent / f"{good.stem}-{name}").write_bytes(content)
    calls: list[tuple[int, int]] = []
    found = load_corpus(directory, config.spec, config.corpus, progress=lambda done, all_: calls.append((done, all_)))
    assert (found.names, found.digests) == (corpus.names, corpus.digests)
    assert np.array_equal(found.events, corpus.events)
    assert np.array_equal(found.groups, corpus.groups)
    assert len(found.skipped) == len(corpus.skipped) + 3
    assert list(found.skipped) == sorted(found.skipped, key=lambda name: Path(name).parts)
    assert calls == [(done, 17) for done in range(1, 18)]


def test_pieces_are_transposed_to_the_white_keys(corpus: Corpus, config: CrnnganConfig) -> None:
    pitches = decode(corpus.song(0), config.spec).notes["pitch"]
    melody = pitches[pitches > 56]
    assert np.isin(melody % 12, [0, 2, 4, 5, 7, 9, 11]).mean() > 0.9


def test_the_cache_gives_the_same_corpus_until_something_changes(
    midi_directory: Path, config: CrnnganConfig, corpus: Corpus, tmp_path: Path
) -> None:
    first = load_corpus(midi_directory, config.spec, config.corpus, tmp_path)
    again = load_corpus(midi_directory, config.spec, config.corpus, tmp_path)
    for found in (first, again):
        assert np.array_equal(found.events, corpus.events)
        assert (found.names, found.skipped, found.sha256) == (corpus.names, corpus.skipped, corpus.sha256)
    assert len(list(tmp_path.iterdir())) == 1
    load_corpus(midi_directory, config.spec, replace(config.corpus, transpose=False), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_parts_are_disjoint_and_complete(corpus: Corpus) -> None:
    parts = [set(corpus.split(name).tolist()) for name in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [8, 2, 2]
    assert set.union(*parts) == set(range(12))


def test_windows_are_pieces_of_their_songs(corpus: Corpus) -> None:
    songs = np.array([3, 3, 7])
    windows = corpus.windows(songs, 16, np.random.default_rng(1))
    assert windows.shape == (16, 3, 4)
    for column, song in enumerate(songs):
        whole = corpus.song(song)
        assert any(np.array_equal(whole[at : at + 16], windows[:, column]) for at in range(len(whole) - 15))


@pytest.mark.parametrize("kind", ["missing", "empty", "useless"])
def test_a_corpus_without_music_is_refused(kind: str, tmp_path: Path, config: CrnnganConfig) -> None:
    directory = tmp_path / "corpus"
    if kind != "missing":
        directory.mkdir()
    if kind == "useless":
        (directory / "a.mid").write_bytes(b"")
    words = {"missing": "not a directory", "empty": "has no", "useless": "none of the 1 files"}[kind]
    with pytest.raises(TrainingError, match=words):
        load_corpus(directory, config.spec, config.corpus)
