import numpy as np
import pytest
from euterpe_music.piece import Piece, Track, make_notes
from euterpe_music.tokens import (
    METERS,
    ConditioningFeature,
    Form,
    Meter,
    PartsError,
    QuantizedTrack,
    Vocabulary,
    VocabularyError,
    bar_lag_features,
    conditioning_table,
    decode_steps,
    decode_streams,
    encode_steps,
    encode_streams,
    fill_bar_lag_tokens,
    quantize,
    read_meters,
    split_parts,
)
from euterpe_music.tokens.conditioning import SIZES


def words(text: str) -> list[str]:
    return text.split()


def test_a_chord_of_a_quarter_is_a_word_and_three_holds() -> None:
    """The example of the thesis: A and D, lowest first."""
    notes = make_notes([0, 0, 480], [480, 480, 240], [57, 62, 60], 90)
    slices, _ = quantize(notes, 480)
    assert encode_steps(slices) == words("9.2 _ _ _ 60 _")
    assert encode_streams(slices) == (["9.2", "60"], ["1", "1/2"])


def test_rests_are_held_like_notes() -> None:
    slices, _ = quantize(make_notes([240, 720], 120, [60, 62], 90), 480, end=10)
    assert encode_steps(slices) == words("r _ 60 r _ _ 62 r _ _")
    assert decode_steps(words("r _ 60 r _ _ 62 r _ _")) == slices


def test_an_accompaniment_s_overlaps_are_cut_and_counted() -> None:
    notes = make_notes([0, 120, 130], [960, 120, 100], [48, 59, 52], 90)
    slices, loss = quantize(notes, 480)
    assert slices.pitches == ((48,), (52, 59))
    assert (loss.notes, loss.cut, loss.moved, loss.merged, loss.revoiced) == (3, 1, 1, 0, 0)
    assert slices.lengths == (1, 1)


def test_octaves_of_one_note_are_its_lowest() -> None:
    slices, loss = quantize(make_notes(0, 480, [48, 60], 90), 480)
    assert encode_steps(slices) == words("48 _ _ _")
    assert loss.revoiced == 1


def test_triplets_need_the_fine_grid() -> None:
    notes = make_notes([0, 160, 320], 160, [60, 62, 64], 90)
    _, coarse = quantize(notes, 480)
    slices, fine = quantize(notes, 480, 24)
    assert (coarse.moved, fine.moved, fine.resized) == (2, 0, 0)
    assert encode_streams(slices)[1] == ["1/3", "1/3", "1/3"]
    assert decode_streams(["60", "4.9.0", "r", "?", "62"], ["1/3", "1", "1/4", "1", "x"]).lengths == (8, 24)


def test_every_sequence_of_words_is_music() -> None:
    random = np.random.default_rng(0)
    some = ["_", "r", "60", "9.2", "0.4.7", "<unknown>", "<begin>", "200", "4.4", "13.1"]
    for _ in range(50):
        chosen = [str(word) for word in random.choice(some, 40)]
        slices = decode_steps(chosen)
        assert slices.end == 40
        assert decode_steps(encode_steps(slices)) == slices


def test_words_are_numbered_by_appearance_and_kept_as_json() -> None:
    vocabulary = Vocabulary.build("steps", [words("60 _ r 60 4.9.0"), words("62 62")])
    assert vocabulary.words == ("<begin>", "<unknown>", "60", "_", "r", "4.9.0", "62")
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary
    assert Vocabulary.build("steps", [words("60 _ r 60 4.9.0"), words("62 62")], least=2).words[2:] == ("60", "62")


@pytest.mark.parametrize(
    ("word", "stands_for"),
    [("74", "62"), ("61", "<unknown>"), ("4.9.0.7", "4.9.0"), ("0.3.6", "48"), ("11.3", "<unknown>"),
     ("?", "<unknown>")],
)  # fmt: skip
def test_unknown_words_map_by_rule_and_are_counted(word: str, stands_for: str) -> None:
    vocabulary = Vocabulary.build("steps", [words("60 _ r 60 4.9.0 62 48 50")])
    numbers, replaced = vocabulary.encode(["60", word, "_"])
    assert vocabulary.decode(numbers) == ["60", stands_for, "_"]
    assert replaced == 1


def test_unknown_durations_become_the_nearest() -> None:
    vocabulary = Vocabulary.build("durations", [["1/4", "1/2", "1"]])
    assert [vocabulary.nearest(word) for word in ("1/3", "3/8", "7", "-1", "0")] == \
        ["1/4", "1/4", "1", "<unknown>", "<unknown>"]  # fmt: skip


def test_nothing_begins_with_a_hold_and_specials_are_never_composed() -> None:
    vocabulary = Vocabulary.build("steps", [words("60 _ r")])
    assert vocabulary.legal().tolist() == [False, False, True, False, True]
    assert vocabulary.legal(2).tolist() == [False, False, True, True, True]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"format": 2, "stream": "steps", "words": []}', b'{"format": 1, "stream": "steps", "words": ["60"]}',
     b'{"format": 1, "stream": "x", "words": ["<begin>", "<unknown>", "60"]}',
     b'{"format": 1, "stream": "steps", "words": ["<begin>", "<unknown>", "60", "60"]}',
     b'{"format": 1, "stream": "steps", "words": ["<begin>", "<unknown>"]}'],
)  # fmt: skip
def test_broken_vocabularies_are_refused(content: bytes) -> None:
    with pytest.raises(VocabularyError):
        Vocabulary.from_json(content)


def test_the_higher_of_two_tracks_is_the_melody() -> None:
    low, high = make_notes([0, 480], 480, [48, 50], 80, 0), make_notes([0, 240], 240, [72, 40], 80, 1)
    parts = split_parts(Piece(480, np.concatenate([low, high]), (Track(), Track())))
    assert (parts.rule, parts.melody["pitch"].tolist()) == ("two tracks", [72, 40])


def test_the_skyline_does_not_follow_the_accompaniment_under_a_long_note() -> None:
    notes = make_notes([0, 0, 240, 480, 960], [960, 240, 240, 240, 240], [76, 48, 52, 55, 74], 80)
    parts = split_parts(Piece(480, notes))
    assert parts.rule == "skyline"
    assert parts.melody["pitch"].tolist() == [76, 74]
    assert parts.accompaniment["pitch"].tolist() == [48, 52, 55]


def test_drums_are_no_melody() -> None:
    with pytest.raises(PartsError, match="only drum notes"):
        split_parts(Piece(480, make_notes([0, 480], 10, 36, 90), (Track(0, True),)))


def test_meters_are_read_and_bars_counted(nottingham_jig: bytes) -> None:
    assert [str(meter) for meter in read_meters(nottingham_jig)] == ["6/8"]
    assert [Meter.parse(text).bar for text in ("4/4", "6/8", "3/4", "9/8", "2/2")] == [16, 12, 12, 18, 16]
    with pytest.raises(ValueError, match="not a meter"):
        Meter.parse("waltz")


def test_conditions_say_where_a_step_stands_and_what_the_melody_does() -> None:
    names = ("meter", "position", "phrase", "remaining", "melody")
    columns = [ConditioningFeature(name, SIZES[name]) for name in names]
    columns += [ConditioningFeature("style", 3), ConditioningFeature("melody", 257, 4)]
    melody = decode_steps(words("60 _ _ _ r _ 62 _"))
    table = conditioning_table(columns, Form(14, METERS[1], style=2, pickup=2), melody)
    assert table.shape == (14, 7)
    assert table[:, 0].tolist() == [1] * 14
    assert table[:, 1].tolist() == [6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]
    assert table[:, 2].tolist() == [7, 7, *[0] * 8, *[1] * 4]
    assert table[:, 3].tolist() == [2, 2, *[1] * 8, *[0] * 4]
    assert table[:, 4].tolist() == [61, 189, 189, 189, 0, 0, 63, 191, *[0] * 6]
    assert table[:, 6].tolist() == [0, 0, 63, 191, *[0] * 10]
    assert set(table[:, 5].tolist()) == {2}
    with pytest.raises(ValueError, match="conditioned on a melody"):
        conditioning_table(columns, Form(4))
    with pytest.raises(ValueError, match="got 3"):
        conditioning_table(columns, Form(4, style=3), melody)


def test_an_echo_is_the_word_at_the_same_place_of_an_earlier_bar() -> None:
    meter = METERS[1]  # 2/4: eight sixteenths
    columns = [
        ConditioningFeature("section", 4),
        ConditioningFeature("echo", 50, 1),
        ConditioningFeature("echo", 50, 2),
    ]
    table = conditioning_table(columns, Form(26, meter, pickup=2))
    assert table[:10, 1].tolist() == [0] * 8 + [1, 2], "before the pickup there was nothing"
    assert table[10:, 1].tolist() == list(range(3, 19))
    assert table[18:, 2].tolist() == list(range(3, 11))
    past = np.arange(100, 126)[None]
    told = np.stack([fill_bar_lag_tokens(row[None], bar_lag_features(columns), past)[0] for row in table])
    assert told[:, 1].tolist() == [0] * 8 + list(range(100, 118))
    assert told[20].tolist() == [0, 112, 104]
    assert fill_bar_lag_tokens(table[:1], (1, 2), np.zeros((1, 0), np.int64)).tolist() == [[0, 0, 0]]
    uneven = conditioning_table(columns, Form(20, meter, bars=(0, 8, 12)))
    assert uneven[8:, 1].tolist() == [1, 2, 3, 4, 9, 10, 11, 12, 0, 0, 0, 0], "a shorter bar ends sooner"
    long = conditioning_table([ConditioningFeature("section", 4)], Form(8 * 40, meter))
    assert long[::64, 0].tolist() == [0, 1, 2, 3, 0]


def test_windows_cut_what_sounds_across_their_borders() -> None:
    slices = QuantizedTrack((0, 6), (4, 4), ((60,), (62,)), 12)
    assert slices.window(2, 8) == QuantizedTrack((0, 4), (2, 2), ((60,), (62,)), 6)
    with pytest.raises(ValueError, match="overlaps"):
        QuantizedTrack((0, 2), (4, 1), ((60,), (62,)), 12)
