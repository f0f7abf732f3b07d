"""Drawing against the definition, one row at a time, and its independence of the rest of the batch."""

import numpy as np
import pytest
from euterpe_generator.engine.tokens.plan import Choosing
from euterpe_generator.engine.tokens.sampler import Knobs, draw, likeliest, penalise
from hypothesis import given, settings
from hypothesis import strategies as st

SIZE = 90
choosing = st.builds(
    Choosing,
    temperature=st.sampled_from([0.1, 0.65, 1.0, 2.0]),
    top_k=st.sampled_from([0, 1, 2, 7, 60, SIZE, 200]),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 0.999, 1.0]),
)


def logits_of(rows: int, seed: int, spread: float = 3.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    # Rounded, so that ties happen.
    logits = np.round(random.normal(0, spread, (rows, SIZE)), 1).astype(np.float32)
    logits[:, :2] = -np.inf
    return logits


def allowed(logits: np.ndarray, how: Choosing) -> set[int]:
    """What may be drawn, by the definition: temperature, then top-k, then top-p on what is left."""
    order = sorted(range(SIZE), key=lambda place: (-logits[place], place))
    kept = order[: how.top_k or SIZE]
    weights = np.exp((logits[kept].astype(np.float64) - logits[kept[0]]) / how.temperature)
    before = np.concatenate([[0], np.cumsum(weights / weights.sum())[:-1]])
    return {place for place, share, weight in zip(kept, before, weights, strict=True) if share < how.top_p and weight}


@settings(deadline=None)
@given(st.lists(choosing, min_size=1, max_size=12), st.integers(0, 1000))
def test_only_what_the_settings_allow_is_drawn(settings: list[Choosing], seed: int) -> None:
    logits = logits_of(len(settings), seed)
    uniform = np.random.default_rng(seed).random(len(settings), np.float32)
    for row, token in enumerate(draw(logits, uniform, Knobs.of(settings))):
        # The last token of a nucleus may be in or out by the last bit of a sum.
        tolerant = [allowed(logits[row], settings[row])]
        wider = Choosing(**{**_plain(settings[row]), "top_p": min(settings[row].top_p + 1e-5, 1.0)})
        tolerant.append(allowed(logits[row], wider))
        assert int(token) in tolerant[0] | tolerant[1]


def _plain(how: Choosing) -> dict[str, float]:
    return {"temperature": how.temperature, "top_k": how.top_k, "top_p": how.top_p}


@settings(deadline=None)
@given(st.lists(choosing, min_size=2, max_size=20), st.integers(0, 1000))
def test_a_row_s_token_does_not_depend_on_the_others(settings: list[Choosing], seed: int) -> None:
    logits = logits_of(len(settings), seed)
    uniform = np.random.default_rng(seed).random(len(settings), np.float32)
    together = draw(logits, uniform, Knobs.of(settings))
    alone = [
        draw(logits[i : i + 1], uniform[i : i + 1], Knobs.of(settings[i : i + 1]))[0] for i in range(len(settings))
    ]
    assert together.tolist() == alone
    backwards = draw(logits[::-1], uniform[::-1], Knobs.of(settings[::-1]))
    assert backwards[::-1].tolist() == alone


@pytest.mark.parametrize(
    "how", [Choosing(), Choosing(temperature=0.5), Choosing(top_k=5), Choosing(top_p=0.7), Choosing(top_k=9, top_p=0.8)]
)
def test_tokens_come_as_often_as_their_probability_says(how: Choosing) -> None:
    logits = logits_of(1, 3, spread=1.5)
    uniform = (np.arange(20_000) / 20_000).astype(np.float32)
    drawn = draw(np.repeat(logits, len(uniform), axis=0), uniform, Knobs.of([how] * len(uniform)))
    kept = sorted(allowed(logits[0], how))
    weights = np.exp(logits[0, kept].astype(np.float64) / how.temperature)
    shares = np.bincount(drawn, minlength=SIZE)[kept] / len(uniform)
    assert np.abs(shares - weights / weights.sum()).max() < 2e-3


def test_greedy_takes_the_likeliest_and_of_equal_ones_the_first() -> None:
    logits = np.array([[0, 3, 3, 1], [2, -1, 2, 2]], np.float32)
    assert draw(logits, np.array([0.99, 0.99], np.float32), Knobs.of([Choosing(top_k=1)] * 2)).tolist() == [1, 0]


@settings(deadline=None)
@given(st.integers(1, SIZE), st.integers(0, 50))
def test_the_likeliest_are_in_order_and_equal_ones_by_place(columns: int, seed: int) -> None:
    weights = np.round(np.random.default_rng(seed).random((4, SIZE)), 1).astype(np.float32)
    expected = np.argsort(-weights, axis=1, kind="stable")[:, :columns]
    assert likeliest(weights, columns).tolist() == expected.tolist()


def test_the_penalty_makes_what_came_less_likely_and_spares_the_exempt() -> None:
    logits = np.array([[2.0, -2.0, 1.0, -np.inf], [2.0, -2.0, 1.0, 0.5]], np.float32)
    exempt = np.array([[False] * 4, [True, False, False, False]])
    penalise(logits, np.array([[0, 1], [0, 3]]), np.array([2.0, 4.0], np.float32), exempt)
    assert logits.tolist() == [[1.0, -4.0, 1.0, -np.inf], [2.0, -2.0, 1.0, 0.125]]
