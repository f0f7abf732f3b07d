"""Losses against values computed by hand, and gradients against finite differences."""

from math import log

import pytest
import torch
from euterpe_training.balancing.losses import (
    LOSSES,
    BilinearLoss,
    FocalLoss,
    LogBilinearLoss,
    MeanFalseError,
    MeanSquaredError,
    MeanSquaredFalseError,
    MixedLoss,
    costs_by_frequency,
    inverse_frequencies,
    make_loss,
)
from euterpe_training.errors import TrainingError
from torch import Tensor

#: Probabilities .8/.2, .6/.4, .5/.5 and .3/.7, of which the first three are of class 0 and the last of class 1.
P = torch.tensor([[0.8, 0.2], [0.6, 0.4], [0.5, 0.5], [0.3, 0.7]], dtype=torch.float64)
LOGITS, LABELS = P.log(), torch.tensor([0, 0, 0, 1])
#: Half the squared distances from one-hot: ½(.2² + .2²) and so on.
ERRORS = (0.04, 0.16, 0.25, 0.09)
FPE, FNE = sum(ERRORS[:3]) / 3, ERRORS[3]
COSTS = torch.tensor([[0.0, 1.0], [3.0, 0.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("loss", "value"),
    [
        (MeanSquaredError(), sum(ERRORS) / 4),
        (MeanFalseError(), FPE + FNE),
        (MeanSquaredFalseError(), FPE**2 + FNE**2),
        (MeanSquaredFalseError("square_of_sum"), (FPE + FNE) ** 2),
        (FocalLoss(0), -(log(0.8) + log(0.6) + log(0.5) + log(0.7)) / 4),
        (FocalLoss(2), -(0.04 * log(0.8) + 0.16 * log(0.6) + 0.25 * log(0.5) + 0.09 * log(0.7)) / 4),
        (BilinearLoss(COSTS), (0.2 + 0.4 + 0.5 + 3 * 0.3) / 4),
        (LogBilinearLoss(COSTS), -(log(0.8) + log(0.6) + log(0.5) + 3 * log(0.7)) / 4),
        (
            MixedLoss(BilinearLoss(COSTS), 0.25),
            0.75 * -(log(0.8) + log(0.6) + log(0.5) + log(0.7)) / 4 + 0.25 * (0.2 + 0.4 + 0.5 + 0.9) / 4,
        ),
    ],
)
def test_values_by_hand(loss: torch.nn.Module, value: float) -> None:
    assert float(loss(LOGITS, LABELS)) == pytest.approx(value, rel=1e-9)


def test_weights_and_costs_by_hand() -> None:
    counts = torch.tensor([90, 10])
    assert inverse_frequencies(counts).tolist() == pytest.approx([100 / 180, 100 / 20])
    assert costs_by_frequency(counts).flatten().tolist() == pytest.approx([0, 0.1, 0.9, 0])
    weighted = float(make_loss("weighted", counts)(LOGITS.float(), LABELS))
    common, rare = 100 / 180, 5.0
    expected = -(common * (log(0.8) + log(0.6) + log(0.5)) + rare * log(0.7)) / (3 * common + rare)
    assert weighted == pytest.approx(expected, rel=1e-5)


def test_a_mistake_with_the_rare_class_weighs_more() -> None:
    counts = torch.tensor([90, 10])
    labels = torch.tensor([0] * 9 + [1])
    right = torch.where(labels[:, None] == torch.arange(2), 2.0, -2.0)
    wrong_once = torch.tensor([-1.0, *[1.0] * 9])[:, None]
    for name in ("weighted", "mfe", "msfe", "bilinear", "log-bilinear"):
        loss = make_loss(name, counts)
        common, rare = loss(right * wrong_once, labels), loss(right * wrong_once.flip(0), labels)
        assert float(rare) > 2 * float(common), name


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(6, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 0, 0, 1])
    loss = make_loss(name, torch.tensor([50, 20, 5])).double()
    assert torch.autograd.gradcheck(lambda values: loss(values, labels), [logits])


@pytest.mark.parametrize("name", LOSSES)
def test_certainty_stays_finite(name: str) -> None:
    logits = torch.tensor([[80.0, -80.0], [80.0, -80.0]], requires_grad=True)
    value: Tensor = make_loss(name, torch.tensor([5, 2]))(logits, torch.tensor([0, 1]))
    value.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_the_focal_loss_has_a_gradient_where_a_root_has_none() -> None:
    logits = torch.tensor([[80.0, -80.0]], requires_grad=True)
    FocalLoss(0.5)(logits, torch.tensor([0])).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_invalid_arguments_are_reported() -> None:
    with pytest.raises(TrainingError, match="losses are: cross-entropy"):
        make_loss("hinge", torch.tensor([1, 1]))
    with pytest.raises(TrainingError, match=r"must be in \[0, 1\]"):
        MixedLoss(MeanSquaredError(), 1.5)
    with pytest.raises(TrainingError, match="square"):
        BilinearLoss(torch.ones(2, 3))
    with pytest.raises(TrainingError, match="must be 0 or more"):
        FocalLoss(-1)
