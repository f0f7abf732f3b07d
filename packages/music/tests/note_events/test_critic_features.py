import numpy as np
from euterpe_music.note_events.critic_features import CRITIC_FEATURES, critic_features
from euterpe_music.note_events.instruments import DRUM_PART, PART_COUNT
from euterpe_music.note_events.piece import BAR_INFO, NOTE, NotePiece, canonical

FOUR_FOUR = 3
QUARTER_LENGTH = 21
NAMES = [name for name, _ in CRITIC_FEATURES]


def piece(notes: list[tuple[int, int, int, int]]) -> NotePiece:
    """Return quarter notes (bar, position in 1/24 quarter, part, pitch) in 4/4."""
    bars = np.zeros(1 + max(bar for bar, *_ in notes), BAR_INFO)
    bars["meter"] = FOUR_FOUR
    rows = [(*note, QUARTER_LENGTH, 20) for note in notes]
    return NotePiece(canonical(np.array(rows, NOTE)), bars)


SCALE = [(bar, 24 * beat, 40, 60 + (0, 2, 4, 5)[beat]) for bar in range(3) for beat in range(4)]


def test_notes_are_described_by_what_surrounds_them() -> None:
    found = critic_features(piece([*SCALE, (0, 0, 42, 48)]))
    column = {name: found[:, number].tolist() for number, name in enumerate(NAMES)}
    # The first onset has two notes, the higher part's first.
    assert column["step"][:4] == [0, 0, 24, 24]
    assert column["above"][:3] == [12, 0, 0]
    assert column["leap"][:3] == [0, 0, 24 + 1 + 2]
    assert column["degree"][:5] == [0, 0, 2, 4, 5]
    # The second bar repeats the first; the third one both that are a bar and two bars before.
    assert column["echoes"] == [0] * 5 + [1] * 4 + [3] * 4


def test_only_the_register_tells_the_key() -> None:
    here, there = critic_features(piece(SCALE)), critic_features(piece(SCALE).transposed(5))
    differing = [name for number, name in enumerate(NAMES) if not np.array_equal(here[:, number], there[:, number])]
    assert differing == ["register"]


def test_all_features_are_within_their_sizes_and_drums_are_left_out() -> None:
    random = np.random.default_rng(1)
    notes = [
        (int(random.integers(9)), int(random.integers(96)), int(random.integers(PART_COUNT)), int(random.integers(128)))
        for _ in range(400)
    ]
    found = critic_features(piece([*notes, (8, 0, DRUM_PART, 36)]))
    assert len(found) == len({note for note in notes if note[2] != DRUM_PART})
    assert (found >= 0).all()
    assert (found.max(axis=0) < [size for _, size in CRITIC_FEATURES]).all()
    assert critic_features(piece([(0, 0, DRUM_PART, 36)])).shape == (0, len(CRITIC_FEATURES))
