"""Losses against values computed by hand, and gradients against finite differences."""

from math import log
from pathlib import Path

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
    is_loss,
    make_loss,
    read_costs,
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


def test_mixed_losses_have_their_weight_in_their_name() -> None:
    counts = torch.tensor([90, 10])
    logits = LOGITS.float()
    entropy, bilinear = (float(make_loss(name, counts)(logits, LABELS)) for name in ("cross-entropy", "bilinear"))
    for alpha in (0.1, 0.9, 1.0):
        found = float(make_loss(f"bilinear-mix-{alpha}", counts)(logits, LABELS))
        assert found == pytest.approx((1 - alpha) * entropy + alpha * bilinear, rel=1e-5)
    assert is_loss("log-bilinear-mix-.3")
    for wrong in ("bilinear-mix-2", "bilinear-mix-", "focal-mix-0.5"):
        assert not is_loss(wrong)
        with pytest.raises(TrainingError, match="there is no loss"):
            make_loss(wrong, counts)


def test_costs_of_a_file_replace_those_of_the_counts(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("0,1\n3,0\n")
    costs = read_costs(path)
    assert costs == ((0, 1), (3, 0))
    counts = torch.tensor([90, 10])
    assert float(make_loss("bilinear", counts, costs)(LOGITS, LABELS)) == pytest.approx((0.2 + 0.4 + 0.5 + 0.9) / 4)
    with pytest.raises(TrainingError, match="must have 3 rows and columns"):
        make_loss("bilinear", torch.tensor([5, 5, 5]), costs)
    for wrong in ("0,1\n", "0,x\n1,0\n", "0,1\n1\n"):
        path.write_text(wrong)
        with pytest.raises(TrainingError, match="square"):
            read_costs(path)
