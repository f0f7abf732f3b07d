from dataclasses import replace

import numpy as np
from euterpe_music.midi import Piece, Tempo, Track, write_midi
from euterpe_music.note_columns import NoteColumns
from euterpe_music.piece import make_notes
from euterpe_music.spec import EventSpec, faithful_spec
from euterpe_training.crnngan.corpora import CorpusOptions
from euterpe_training.crnngan.corpora.preparing import merge_unisons
from euterpe_training.crnngan.corpora.songs import Source, encode_songs, read_source
from hypothesis import given
from hypothesis import strategies as st

SPECS = (faithful_spec(3), EventSpec(), EventSpec(grid=32, tones_per_cell=2), EventSpec(ticks_per_quarter=96))

notes = st.tuples(
    st.integers(0, 3000), st.integers(1, 2000), st.integers(0, 127), st.integers(1, 127), st.integers(0, 1)
)
pieces = st.builds(
    lambda resolution, rows, bpm: Piece(
        resolution, make_notes(*np.array(rows).T), (Track(), Track(is_drum=True)), (Tempo(0, bpm), Tempo(96, 90.0))
    ),
    st.sampled_from([48, 96, 384, 480, 1024]),
    st.lists(notes, min_size=1, max_size=60),
    st.floats(30.0, 300.0),
)
options = st.builds(
    CorpusOptions, *[st.booleans()] * 4, min_events=st.just(0), pace_events=st.booleans()
)  # fmt: skip


def source(name: str, piece: Piece) -> Source:
    return Source(name, piece.notes, piece.ticks_per_quarter, piece.tempo_map)


@given(st.lists(pieces, min_size=1, max_size=5), st.sampled_from(SPECS), options)
def test_songs_do_not_depend_on_their_batch(many: list[Piece], spec: EventSpec, options: CorpusOptions) -> None:
    sources = [source(str(number), piece) for number, piece in enumerate(many)]
    for each, song in zip(sources, encode_songs(sources, spec, options), strict=True):
        (alone,) = encode_songs([each], spec, options)
        assert song.name == alone.name
        assert np.array_equal(song.events, alone.events)
        assert song.seconds == alone.seconds
        assert np.array_equal(song.sketch, alone.sketch)


def test_an_emptied_song_does_not_change_its_neighbours() -> None:
    loud, quiet = (Piece(384, make_notes(np.arange(50) * 96, 96, 60, velocity)) for velocity in (90, 5))
    first, empty, last = encode_songs(
        [source(*each) for each in zip("abc", (loud, quiet, loud), strict=True)], EventSpec(), CorpusOptions()
    )
    assert np.array_equal(first.events, last.events)
    assert (len(first.events), len(empty.events), empty.seconds) == (50, 0, 0.0)


def test_unisons_are_merged_to_the_longest_note() -> None:
    piece = Piece(384, make_notes([0, 0, 5], [96, 384, 96], [60, 60, 60], 64, [0, 1, 1]), (Track(), Track(40)))
    assert merge_unisons(NoteColumns.of(piece), EventSpec(grid=32)).duration.tolist() == [384]


def test_of_unisons_of_equal_length_the_first_and_softest_is_kept() -> None:
    piece = Piece(384, make_notes([5, 0, 0], 96, 60, [20, 90, 80]))
    assert merge_unisons(NoteColumns.of(piece), EventSpec(grid=32)).velocity.tolist() == [80]


def test_drums_are_dropped_if_configured() -> None:
    piece = Piece(96, make_notes([0, 0], 96, [60, 38], 64, [0, 1]), (Track(), Track(is_drum=True)))
    kept = [read_source("a.mid", write_midi(piece), CorpusOptions(drop_drums=drop)) for drop in (True, False)]
    assert [len(each.notes) for each in kept] == [1, 2]


def test_synthetic_chords_are_not_prepared() -> None:
    made_up = CorpusOptions(synthetic_chords=True)
    one = encode_songs([read_source("a", b"", made_up)], faithful_spec(), made_up)
    other = encode_songs([read_source("a", b"", made_up)], faithful_spec(), replace(made_up, transpose=False))
    assert np.array_equal(one[0].events, other[0].events)
