from dataclasses import replace

import numpy as np
import pytest
import torch
from euterpe_training.balancing.classifier import FitOptions, fit, mirrored, shifted
from euterpe_training.balancing.networks import NETWORKS, make_network
from euterpe_training.errors import TrainingError
from euterpe_training.reports.scores import Interval, Scores, difference

OPTIONS = FitOptions(network="small", epochs=6, batch_size=16, learning_rate=3e-3)


def test_a_classifier_learns_and_is_the_same_for_a_seed(make_bars: object) -> None:
    train, validation = make_bars([60, 60, 60]), make_bars([20, 20, 20], seed=1)  # type: ignore[operator]
    test = make_bars([30, 20, 10], seed=2)  # type: ignore[operator]
    fitted = fit(train, validation, OPTIONS, seed=1)
    scores = fitted.scores(test)
    assert scores.macro_f1 > 0.9
    assert np.sum(scores.confusion) == 60
    assert [sum(row) for row in scores.confusion] == [30, 20, 10]
    assert fit(train, validation, OPTIONS, seed=1).history == fitted.history


def test_it_stops_early_and_keeps_the_best_weights(make_bars: object) -> None:
    train, validation = make_bars([40, 40]), make_bars([20, 20], seed=1)  # type: ignore[operator]
    fitted = fit(train, validation, replace(OPTIONS, epochs=60, patience=2))
    assert len(fitted.history) < 60
    best = max(row["macro_f1"] for row in fitted.history)
    assert fitted.scores(validation).macro_f1 == pytest.approx(best)


def test_rounds_of_fixed_steps_are_equal_for_small_and_large_sets(make_bars: object, monkeypatch: object) -> None:
    steps: list[int] = []
    from euterpe_training.balancing import classifier

    inner = classifier._train_round
    monkeypatch.setattr(classifier, "_train_round", lambda *a: (steps.append(len(a[3])), inner(*a))[1])  # type: ignore[attr-defined]
    for counts in ([30, 10], [90, 90]):
        fit(make_bars(counts), make_bars([8, 8], seed=1), replace(OPTIONS, epochs=2, steps_per_round=7))  # type: ignore[operator]
    assert steps == [7, 7, 7, 7]


def test_windows_of_a_piece_are_classified_together(make_bars: object) -> None:
    images = make_bars([30, 30])  # type: ignore[operator]
    fitted = fit(images, images, OPTIONS)
    grouped = replace(images, groups=np.arange(60) // 3)
    scores = fitted.group_scores(grouped)
    assert np.sum(scores.confusion) == 20
    assert scores.macro_f1 >= fitted.scores(images).macro_f1


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32)])
def test_every_network_accepts_all_sizes_and_has_gradients_for_all_weights(name: str, channels: int, size: int) -> None:
    network = make_network(name, channels, 7)
    logits = network(torch.randn(4, channels, size, size))
    assert logits.shape == (4, 7)
    logits.logsumexp(1).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_scores_by_hand() -> None:
    truth, guesses = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 0, 0])
    scores = Scores.of(truth, guesses, 3)
    # Precision and recall: 3/5 and 3/4; 1/2 and 1/2; none.
    assert scores.f1 == pytest.approx((2 / 3, 1 / 2, 0))
    assert scores.macro_f1 == pytest.approx(7 / 18)
    assert scores.accuracy == pytest.approx(4 / 7)
    assert scores.confusion == ((3, 1, 0), (1, 1, 0), (1, 0, 0))


def test_intervals_by_hand() -> None:
    interval = Interval.of([1.0, 2.0, 3.0])
    # Student's 97.5 % point of two degrees of freedom over √3.
    assert interval.high - interval.mean == pytest.approx(4.30265 / 3**0.5, rel=1e-4)
    paired = difference([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])
    assert (paired.low, paired.high) == pytest.approx((0.1, 0.1))
    assert str(Interval.of([0.5])) == "0.500"


def test_an_annealed_training_runs_all_rounds_and_uses_the_last_weights(make_bars: object) -> None:
    train, validation = make_bars([40, 40]), make_bars([10, 10], seed=1)  # type: ignore[operator]
    annealed = replace(OPTIONS, epochs=5, patience=1, anneal=True)
    fitted = fit(train, validation, annealed)
    assert len(fitted.history) == 5
    # The last weights are used, whatever the validation scores of earlier ones.
    assert fitted.scores(validation).macro_f1 == fitted.history[-1]["macro_f1"]
    assert [row["loss"] for row in fitted.history] != [row["loss"] for row in fit(train, validation, OPTIONS).history]


def test_bfloat16_products_learn_as_well_with_float32_weights(make_bars: object) -> None:
    train, validation = make_bars([60, 60, 60]), make_bars([20, 20, 20], seed=1)  # type: ignore[operator]
    fitted = fit(train, validation, replace(OPTIONS, precision="bfloat16"))
    assert all(weight.dtype == torch.float32 for weight in fitted.network.parameters())
    assert fitted.scores(validation).macro_f1 > 0.9
    assert fitted.history != fit(train, validation, OPTIONS).history
    with pytest.raises(TrainingError, match="must be float32 or bfloat16"):
        replace(OPTIONS, precision="int4")


def test_with_mirror_predictions_do_not_depend_on_the_orientation(make_bars: object) -> None:
    train = make_bars([60, 60, 60])  # type: ignore[operator]
    fitted = fit(train, make_bars([20, 20, 20], seed=1), replace(OPTIONS, mirror=True))  # type: ignore[operator]
    turned = replace(train, images=train.images[:, :, ::-1].copy())
    np.testing.assert_allclose(fitted.probabilities(turned), fitted.probabilities(train), atol=1e-5)
    images = torch.arange(16.0).reshape(4, 1, 2, 2)
    seen = {tuple(row.flatten().tolist()) for seed in range(8)
            for row in mirrored(images, torch.Generator().manual_seed(seed))}  # fmt: skip
    assert seen == {tuple(row.flatten().tolist()) for row in (*images, *images.flip(3))}


def test_unknown_networks_and_infinite_losses_are_reported(make_bars: object) -> None:
    with pytest.raises(TrainingError, match="networks are: resnet18"):
        make_network("vgg", 1, 2)
    images = make_bars([20, 20])  # type: ignore[operator]
    with pytest.raises(TrainingError, match="lower its learning rate"):
        fit(images, images, replace(OPTIONS, learning_rate=float("inf")))


def test_images_are_shifted_as_a_whole_within_the_limits() -> None:
    images = torch.full((200, 1, 9, 2), -1.0)
    images[:, 0, 4, :] = 1.0
    moved = shifted(images, 3, 0, torch.Generator().manual_seed(0))
    rows = moved[:, 0, :, 0].argmax(1)
    assert set(rows.tolist()) == set(range(1, 8))
    assert (moved.sum((1, 2, 3)) == images.sum((1, 2, 3))).all()
    dot = torch.full((200, 1, 9, 7), -1.0)
    dot[:, 0, 4, 3] = 1.0
    places = {(row, column) for _, _, row, column in shifted(dot, 2, 1, torch.Generator()).gt(0).nonzero().tolist()}
    assert places == {(row, column) for row in range(2, 7) for column in range(2, 5)}
    assert torch.equal(shifted(images, 0, 0, torch.Generator()), images)
