from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from euterpe_training.balancing.bagan import divergence
from euterpe_training.balancing.classifier import FitOptions, fit
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.counts import Unbalanced, unbalance
from euterpe_training.balancing.estimate import classifier_rate, seconds_of_fit, seconds_of_training
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.repetition import Repetition, class_balanced
from euterpe_training.balancing.study import evaluate
from euterpe_training.balancing.study_results import decode, encode
from euterpe_training.balancing.treatments import Treatment
from euterpe_training.durations import describe_seconds
from euterpe_training.errors import TrainingError

Bars = Callable[..., ImageSet]
CPU = torch.device("cpu")


def test_a_repetition_has_two_real_test_sets(make_bars: Bars) -> None:
    train, test = make_bars([80, 80, 80]), make_bars([40, 40, 30], seed=1)
    one, other = (Repetition.of(unbalance(train, test, [60, 20, 10], seed), seed) for seed in (0, 1))
    assert one.test.counts.tolist() == [40, 13, 6]
    assert one.balanced_test.counts.tolist() == [30, 30, 30]
    assert (one.train.counts + one.validation.counts).tolist() == [60, 20, 10]
    for name in ("train", "validation", "test", "balanced_test"):
        first, second = getattr(one, name), getattr(other, name)
        assert set(first.groups) != set(second.groups), name
    with pytest.raises(TrainingError, match="needs test images"):
        Repetition.of(Unbalanced(train, test.take(np.zeros(0, np.int64)), train), 0)


def test_pieces_are_balanced_by_their_number_not_by_their_windows(make_bars: Bars) -> None:
    images = make_bars([12, 12])
    pieces = replace(images, groups=np.concatenate([np.arange(12) // 2, 6 + np.arange(12) // 4]))
    chosen = class_balanced(pieces, 0)
    assert [len(np.unique(chosen.groups[chosen.of(label)])) for label in range(2)] == [3, 3]
    assert chosen.counts.tolist() == [6, 12]


def test_validation_scores_are_those_of_the_tested_weights(make_bars: Bars) -> None:
    train, test = make_bars([30, 30, 30]), make_bars([12, 12, 12], seed=1)
    repetition = Repetition.of(unbalance(train, test, [30, 20, 10], 0), 0)
    options = FitOptions(network="small", epochs=2, batch_size=8, anneal=True)
    fitted = fit(repetition.train, repetition.validation, options)
    # The last weights are used, although those of an earlier round were better on validation images.
    fitted.history.insert(0, {"loss": 0.0, "macro_f1": 2.0})
    outcome = evaluate(repetition, Treatment("unbalanced", repetition.train), "small", fitted)
    assert outcome.validation_macro_f1 == fitted.scores(repetition.validation).macro_f1
    assert np.array_equal(decode(outcome.predictions), fitted.predictions(repetition.test))
    assert np.array_equal(decode(outcome.balanced_predictions), fitted.predictions(repetition.balanced_test))


def test_labels_are_stored_as_texts() -> None:
    labels = np.arange(200)
    assert np.array_equal(decode(encode(labels)), labels)
    assert encode(np.array([0, 9])) == "09"


def test_a_gradient_penalty_over_1_in_two_epochs_is_divergence() -> None:
    def history(*penalties: float) -> list[dict[str, float]]:
        return [{"reconstruction": 0.1}, *({"penalty": one, "discriminator": -5.0} for one in penalties)]

    assert divergence(history(0.3, 0.2, 0.4)) is None
    assert divergence(history(0.3, 1.4, 0.4)) is None
    assert divergence(history(0.3, 1.4, 5.0, 13.0)) == 3
    assert divergence([]) is None


@pytest.mark.parametrize("config", [DEEPSMOTE_RECIPES["smoke"], BAGAN_RECIPES["smoke"]], ids=["deepsmote", "bagan"])
def test_the_estimate_is_proportional_to_the_missing_epochs(
    unbalanced: ImageSet, config: DeepSmoteConfig | BaganConfig
) -> None:
    longer = replace(config, epochs=1000)
    seconds, rate = seconds_of_training(unbalanced, longer, CPU)
    assert rate > 0
    assert seconds > 0
    pretraining = longer.autoencoder_epochs if isinstance(longer, BaganConfig) else 0
    epochs = 1000 + pretraining
    assert seconds == pytest.approx(epochs * len(unbalanced) / rate)
    assert seconds_of_training(unbalanced, longer, CPU, done=epochs) == (0.0, 0.0)


def test_the_time_of_a_classifier_is_its_images_by_the_rate(unbalanced: ImageSet) -> None:
    options = FitOptions(network="small", epochs=10, batch_size=16)
    assert classifier_rate(unbalanced, options, CPU) > 0
    # Also for a training that is shorter than what is measured.
    assert classifier_rate(unbalanced, replace(options, epochs=1, steps_per_round=1, anneal=True), CPU) > 0
    assert seconds_of_fit(500, options, 100) == 50
    assert seconds_of_fit(500, replace(options, steps_per_round=5), 100) == 8
    assert [describe_seconds(one) for one in (0.2, 90, 1200, 90_000)] == ["1 s", "90 s", "20 min", "25.0 h"]
