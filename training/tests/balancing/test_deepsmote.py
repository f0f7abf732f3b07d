from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES
from euterpe_training.balancing.deepsmote import DeepSmote
from euterpe_training.balancing.deepsmote.networks import Decoder, Encoder
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.pixels import to_pixels, to_tensor
from euterpe_training.balancing.run import make_method
from euterpe_training.errors import TrainingError

CPU = torch.device("cpu")
SMOKE = DEEPSMOTE_RECIPES["smoke"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [28, 32, 38, 40, 64])
def test_images_of_all_sizes_are_decoded_in_their_shape(size: int, channels: int) -> None:
    images = torch.randn(3, channels, size, size)
    made = Decoder(size, channels, 4, 8)(Encoder(size, channels, 4, 8)(images))
    assert made.shape == images.shape
    assert made.abs().max() <= 1


def test_the_network_is_the_paper_s_at_28_pixels() -> None:
    encoder, decoder = Encoder(28, 1, 64, 300), Decoder(28, 1, 64, 300)
    assert [tuple(p.shape) for p in encoder.parameters() if p.ndim == 4] == [
        (64, 1, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4),
    ]  # fmt: skip
    assert encoder.linear.weight.shape == (300, 512)
    assert decoder.linear[0].weight.shape == (512 * 7 * 7, 300)


@pytest.mark.parametrize("size", [27, 29, 42, 72, 20])
def test_other_sizes_are_refused_with_the_supported_ones(size: int) -> None:
    with pytest.raises(TrainingError, match="give --size"):
        Encoder(size, 1, 4, 8)


def test_pixels_survive_the_round_trip() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    assert np.array_equal(to_pixels(to_tensor(pixels)), pixels)
    assert float(to_tensor(pixels).min()) == -1
    assert float(to_tensor(pixels).max()) == 1


def test_the_permuted_penalty_compares_with_the_image_at_another_s_code(unbalanced: ImageSet) -> None:
    images = to_tensor(unbalanced.images[unbalanced.labels == 1])
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    for form, expected in (("permuted", (images[order] - images).square().mean()), ("own", torch.tensor(0.0))):
        method = DeepSmote(unbalanced, replace(SMOKE, penalty=form), CPU)
        # Codes are the images themselves: decoding the code of another image gives that image.
        method.encoder, method.decoder = torch.nn.Flatten(), torch.nn.Unflatten(1, (1, 28, 28))  # type: ignore[assignment]
        penalty = method.penalty(images, torch.Generator().manual_seed(0))
        assert float(penalty) == pytest.approx(float(expected), rel=1e-5), form


@pytest.mark.parametrize("form", ["own", "permuted"])
def test_the_penalty_has_a_gradient_for_the_encoder(unbalanced: ImageSet, form: str) -> None:
    method = DeepSmote(unbalanced, replace(SMOKE, penalty=form), CPU)
    method.penalty(to_tensor(unbalanced.images[unbalanced.labels == 1]), torch.Generator()).backward()
    gradients = [parameter.grad for parameter in method.encoder.parameters()]
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)


def test_the_permuted_penalty_draws_a_rare_class_to_its_mean_and_the_own_one_does_not(make_bars: object) -> None:
    images = make_bars([60, 12])  # type: ignore[operator]
    varied = {}
    for form in ("own", "permuted"):
        config = replace(SMOKE, penalty=form, epochs=40, learning_rate=3e-3, hidden_size=8, latent_size=16)
        method = DeepSmote(images, config, CPU)
        list(method.train())
        varied[form] = method.generate(1, 100).astype(float).std(0).mean()
    assert varied["own"] > 1.3 * varied["permuted"]


def test_training_learns_to_reconstruct_and_a_last_batch_of_one_is_no_trouble(make_bars: object) -> None:
    images = make_bars([50, 9, 6])  # type: ignore[operator]
    assert len(images) % SMOKE.batch_size == 1
    method = DeepSmote(images, replace(SMOKE, epochs=12, learning_rate=3e-3), CPU)
    losses = [epoch["reconstruction"] for epoch in method.train()]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("config", [SMOKE, BAGAN_RECIPES["smoke"]], ids=["deepsmote", "bagan-gp"])
def test_half_precision_learns_nearly_the_same_and_keeps_whole_weights(unbalanced: ImageSet, config: Any) -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        method = make_method(unbalanced, replace(config, precision=precision), CPU)
        losses[precision] = next(iter(method.train()))["reconstruction"]
        weights = [weight for module in method.modules().values() for weight in module.parameters()]
        assert all(weight.dtype == torch.float32 for weight in weights)
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.05)
    assert losses["bfloat16"] != losses["float32"]


def test_classes_are_filled_up_behind_the_real_images(unbalanced: ImageSet) -> None:
    method = DeepSmote(unbalanced, SMOKE, CPU)
    balanced = method.balance()
    assert balanced.counts.tolist() == [60, 60, 60]
    assert np.array_equal(balanced.images[: len(unbalanced)], unbalanced.images)
    assert len(np.unique(balanced.groups)) == 180
    assert method.balance(0.5).counts.tolist() == [60, 30, 30]
    assert np.array_equal(balanced.images, method.balance().images)


def test_codes_are_between_neighbours_of_the_class(unbalanced: ImageSet) -> None:
    method = DeepSmote(unbalanced, SMOKE, CPU)
    seen: list[np.ndarray] = []
    method.decode = lambda codes: seen.append(codes) or np.zeros((len(codes), 28, 28, 1), np.uint8)  # type: ignore[method-assign, func-returns-value]
    method.generate(2, 500)
    members = method.encode(to_tensor(unbalanced.images[unbalanced.labels == 2]))
    assert (seen[0] >= members.min(0) - 1e-5).all()
    assert (seen[0] <= members.max(0) + 1e-5).all()
    # On a line between two members, and not only on the members themselves.
    away = np.linalg.norm(seen[0][:, None] - members[None], axis=2)
    pairs = np.linalg.norm(members[:, None] - members[None], axis=2)
    detour = (away[:, :, None] + away[:, None, :] - pairs).min((1, 2), initial=np.inf, where=pairs > 0)
    assert detour.max() < 1e-3
    assert (away.min(1) > 1e-3).mean() > 0.8


def test_too_few_members_are_refused(make_bars: object) -> None:
    with pytest.raises(TrainingError, match="class c1 has 5 images, but 5 neighbours need 6"):
        DeepSmote(make_bars([20, 5]), SMOKE, CPU)  # type: ignore[operator]
    with pytest.raises(TrainingError, match="only one class"):
        DeepSmote(make_bars([20]), SMOKE, CPU)  # type: ignore[operator]
