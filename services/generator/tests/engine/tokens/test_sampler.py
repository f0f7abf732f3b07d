"""Sampling against its definition, one row at a time, and its independence of the rest of the batch."""

import numpy as np
import pytest
from euterpe_generator.engine.tokens.plan import SamplingParams
from euterpe_generator.engine.tokens.sampler import (
    BatchedSamplingParams,
    apply_repetition_penalty,
    balanced_bias,
    sample,
    top_indices,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SIZE = 90
stack = BatchedSamplingParams.stack
params = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.1, 0.65, 1.0, 2.0]),
    top_k=st.sampled_from([0, 1, 2, 7, 60, SIZE, 200]),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 0.999, 1.0]),
)


def logits_of(rows: int, seed: int, spread: float = 3.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    # Rounded, to produce ties.
    logits = np.round(random.normal(0, spread, (rows, SIZE)), 1).astype(np.float32)
    logits[:, :2] = -np.inf
    return logits


def allowed(logits: np.ndarray, params: SamplingParams) -> set[int]:
    """The tokens that may be sampled by definition: temperature, then top-k, then top-p on the rest."""
    order = sorted(range(SIZE), key=lambda place: (-logits[place], place))
    kept = order[: params.top_k or SIZE]
    weights = np.exp((logits[kept].astype(np.float64) - logits[kept[0]]) / params.temperature)
    before = np.concatenate([[0], np.cumsum(weights / weights.sum())[:-1]])
    return {
        place for place, share, weight in zip(kept, before, weights, strict=True) if share < params.top_p and weight
    }


@settings(deadline=None)
@given(st.lists(params, min_size=1, max_size=12), st.integers(0, 1000))
def test_only_tokens_that_the_parameters_allow_are_sampled(settings: list[SamplingParams], seed: int) -> None:
    logits = logits_of(len(settings), seed)
    uniform = np.random.default_rng(seed).random(len(settings), np.float32)
    for row, token in enumerate(sample(logits, uniform, stack(settings))):
        # Whether the last token of a nucleus is included may depend on the last bit of a sum.
        tolerant = [allowed(logits[row], settings[row])]
        wider = SamplingParams(**{**_plain(settings[row]), "top_p": min(settings[row].top_p + 1e-5, 1.0)})
        tolerant.append(allowed(logits[row], wider))
        assert int(token) in tolerant[0] | tolerant[1]


def _plain(params: SamplingParams) -> dict[str, float]:
    return {"temperature": params.temperature, "top_k": params.top_k, "top_p": params.top_p}


@settings(deadline=None)
@given(st.lists(params, min_size=2, max_size=20), st.integers(0, 1000))
def test_a_row_s_token_does_not_depend_on_the_others(settings: list[SamplingParams], seed: int) -> None:
    logits = logits_of(len(settings), seed)
    uniform = np.random.default_rng(seed).random(len(settings), np.float32)
    together = sample(logits, uniform, stack(settings))
    alone = [sample(logits[i : i + 1], uniform[i : i + 1], stack(settings[i : i + 1]))[0] for i in range(len(settings))]
    assert together.tolist() == alone
    reversed_rows = sample(logits[::-1], uniform[::-1], stack(settings[::-1]))
    assert reversed_rows[::-1].tolist() == alone


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(),
        SamplingParams(temperature=0.5),
        SamplingParams(top_k=5),
        SamplingParams(top_p=0.7),
        SamplingParams(top_k=9, top_p=0.8),
    ],
)
def test_frequencies_equal_the_probabilities(params: SamplingParams) -> None:
    logits = logits_of(1, 3, spread=1.5)
    uniform = (np.arange(20_000) / 20_000).astype(np.float32)
    sampled = sample(np.repeat(logits, len(uniform), axis=0), uniform, stack([params] * len(uniform)))
    kept = sorted(allowed(logits[0], params))
    weights = np.exp(logits[0, kept].astype(np.float64) / params.temperature)
    shares = np.bincount(sampled, minlength=SIZE)[kept] / len(uniform)
    assert np.abs(shares - weights / weights.sum()).max() < 2e-3


def test_greedy_selects_the_most_likely_token_and_the_first_of_equal_ones() -> None:
    logits = np.array([[0, 3, 3, 1], [2, -1, 2, 2]], np.float32)
    assert sample(logits, np.array([0.99, 0.99], np.float32), stack([SamplingParams(top_k=1)] * 2)).tolist() == [1, 0]


@settings(deadline=None)
@given(st.integers(1, SIZE), st.integers(0, 50))
def test_top_indices_are_in_descending_order_with_ties_by_index(count: int, seed: int) -> None:
    weights = np.round(np.random.default_rng(seed).random((4, SIZE)), 1).astype(np.float32)
    expected = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    assert top_indices(weights, count).tolist() == expected.tolist()


def test_the_repetition_penalty_applies_to_recent_tokens_that_are_not_exempt() -> None:
    logits = np.array([[2.0, -2.0, 1.0, -np.inf], [2.0, -2.0, 1.0, 0.5]], np.float32)
    exempt = np.array([[False] * 4, [True, False, False, False]])
    apply_repetition_penalty(logits, np.array([[0, 1], [0, 3]]), np.array([2.0, 4.0], np.float32), exempt)
    assert logits.tolist() == [[1.0, -4.0, 1.0, -np.inf], [2.0, -2.0, 1.0, 0.125]]


def test_a_bias_moves_probability_among_its_tokens_only() -> None:
    logits, bias = logits_of(3, 8), np.zeros((3, SIZE), np.float32)
    bias[:, 10:40] = np.random.default_rng(2).normal(0, 2, 30)
    logits[1, 10:40] = -np.inf
    before, after = (np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in (logits, logits + bias))
    assert after[0, 10:40].sum() > before[0, 10:40].sum() + 0.1, "notes would displace rests and holds"
    balanced = np.exp(logits + balanced_bias(logits, bias))
    balanced /= balanced.sum(axis=1, keepdims=True)
    assert np.allclose(balanced[:, :10], before[:, :10], rtol=1e-5)
    assert np.allclose(balanced[:, 40:], before[:, 40:], rtol=1e-5)
    assert balanced[0, 10:40].sum() == pytest.approx(before[0, 10:40].sum(), rel=1e-5)
    ratios = balanced[0, 10:40] / before[0, 10:40] / np.exp(bias[0, 10:40])
    assert ratios == pytest.approx(ratios[0], rel=1e-4)
    alone = [balanced_bias(logits[row : row + 1], bias[row : row + 1])[0].tobytes() for row in range(3)]
    assert [row.tobytes() for row in balanced_bias(logits, bias)] == alone
