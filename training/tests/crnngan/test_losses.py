import pytest
import torch
from euterpe_training.crnngan.losses import energy_score, feature_distance, l2_regularisation, squared_error


def test_the_energy_score_prefers_the_true_distribution_to_its_mean() -> None:
    """Squared error would prefer the mean, which is why pretraining uses the score."""
    torch.manual_seed(0)
    real = torch.randint(0, 2, (4000, 1, 2)) * 2.0 - 1
    draws = [torch.randint(0, 2, (4000, 1, 2)) * 2.0 - 1 for _ in range(2)]
    mean = torch.zeros(4000, 1, 2)
    scale = torch.ones(2)
    assert energy_score(*draws, real, scale) < energy_score(mean, mean, real, scale) - 0.2
    assert squared_error(mean, real) < squared_error(draws[0], real)


def test_the_energy_score_depends_on_the_correlation_of_features() -> None:
    torch.manual_seed(0)
    coin = torch.randint(0, 2, (4000, 1, 1)) * 2.0 - 1
    real = torch.cat([coin, coin], -1)
    together = [torch.cat([c, c], -1) for c in (torch.randint(0, 2, (4000, 1, 1)) * 2.0 - 1 for _ in range(2))]
    apart = [torch.randint(0, 2, (4000, 1, 2)) * 2.0 - 1 for _ in range(2)]
    scale = torch.ones(2)
    assert energy_score(*together, real, scale) < energy_score(*apart, real, scale) - 0.05


def test_equal_draws_have_a_finite_gradient() -> None:
    draw = torch.zeros(3, 1, 2, requires_grad=True)
    energy_score(draw, draw * 1.0, torch.zeros(3, 1, 2), torch.ones(2)).backward()
    assert draw.grad is not None
    assert torch.isfinite(draw.grad).all()


def test_feature_matching_is_zero_for_equal_means() -> None:
    features = torch.rand(5, 4, 3)
    assert feature_distance(features, features.flip(0)) == pytest.approx(0, abs=1e-10)
    assert feature_distance(features, features + 1) == pytest.approx(3, rel=1e-4)


def test_regularisation_scales() -> None:
    weights = [torch.tensor([3.0, 4.0])]
    assert l2_regularisation(weights, 1.0) == pytest.approx(0.1 * 12.5)
    assert l2_regularisation(weights, 2.0) == pytest.approx(0.2 * 12.5)
