import numpy as np
from euterpe_generator.engine.noise import piece_noise, uniform
from euterpe_music.seed import MAX_SEED
from hypothesis import given
from hypothesis import strategies as st


@given(seed=st.integers(0, MAX_SEED), short=st.integers(1, 200), more=st.integers(0, 200))
def test_a_longer_stream_starts_with_the_shorter_one(seed: int, short: int, more: int) -> None:
    assert np.array_equal(uniform(seed, short), uniform(seed, short + more)[:short])


def test_the_stream_of_a_seed_never_changes() -> None:
    # Released pieces must stay reproducible after every upgrade, so these numbers must never change.
    assert uniform(7, 4).tolist() == [0.16372650861740112, 0.8720734119415283, 0.9722633361816406, 0.2953653335571289]


def test_numbers_are_uniform_and_differ_between_seeds() -> None:
    many = uniform(1, 100_000)
    assert 0 <= many.min() < 1e-4
    assert 1 - 1e-4 < many.max() < 1
    assert abs(float(many.mean()) - 0.5) < 0.005
    assert abs(float(np.corrcoef(many, uniform(2, 100_000))[0, 1])) < 0.02


def test_noise_of_a_piece_has_the_shape_of_the_network() -> None:
    initial, noise = piece_noise(3, initial_size=4, noise_size=8, steps=5)
    assert initial.shape == (4,)
    assert noise.shape == (5, 8)


@given(seed=st.integers(0, MAX_SEED), other=st.integers(0, MAX_SEED), count=st.integers(1, 50))
def test_the_stream_is_philox_with_the_seed_as_its_key(seed: int, other: int, count: int) -> None:
    uniform(other, count)  # must not affect the next call
    words = np.random.Philox(key=seed).random_raw((count + 1) // 2).view(np.uint32)[:count]
    assert uniform(seed, count).tolist() == ((words >> 8) / np.float32(2**24)).tolist()
