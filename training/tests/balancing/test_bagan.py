from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch
from euterpe_training.balancing.bagan import Bagan, method
from euterpe_training.balancing.bagan.losses import discriminator_loss, generator_loss, gradient_penalty, wrong_labels
from euterpe_training.balancing.config import BAGAN_RECIPES
from euterpe_training.balancing.images import ImageSet
from euterpe_training.errors import TrainingError

CPU = torch.device("cpu")
SMOKE = BAGAN_RECIPES["smoke"]


def test_both_adversarial_losses_by_hand() -> None:
    real, fake, wrong = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 1.0]), torch.tensor([0.5, 0.5])
    assert float(discriminator_loss("wasserstein", real, fake, wrong)) == pytest.approx((0 + 0.5) / 2 - 1)
    assert float(generator_loss("wasserstein", fake)) == 0
    zero = torch.zeros(3)
    assert float(discriminator_loss("bce", zero, zero, zero)) == pytest.approx(2 * log(2))
    assert float(generator_loss("bce", zero)) == pytest.approx(log(2))
    assert float(discriminator_loss("bce", zero + 9, zero - 9, zero - 9)) < 0.001


def test_the_gradient_penalty_of_a_linear_critic_by_hand() -> None:
    real, fake = torch.rand(4, 1, 2, 2), torch.rand(4, 1, 2, 2)
    weights = torch.tensor([3.0, 0.0, 0.0, 4.0], requires_grad=True)
    penalty = gradient_penalty(
        lambda images, _: images.flatten(1) @ weights, real, fake, torch.zeros(4), torch.Generator()
    )
    assert float(penalty.detach()) == pytest.approx((5 - 1) ** 2)
    # d/dw (‖w‖ − 1)² = 2 (‖w‖ − 1) w / ‖w‖
    penalty.backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == pytest.approx([2 * 4 * 3 / 5, 0, 0, 2 * 4 * 4 / 5])


def test_a_wrong_label_is_never_the_right_one_and_all_others_come() -> None:
    labels = torch.arange(4).repeat(500)
    wrong = wrong_labels(labels, 4, torch.Generator().manual_seed(0))
    assert not (wrong == labels).any()
    counts = torch.bincount(wrong[labels == 0], minlength=4)
    assert counts[0] == 0
    assert int(counts[1:].min()) > 120


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (64, 1)])
@pytest.mark.parametrize("game", ["wasserstein", "bce"])
def test_images_of_all_sizes_are_trained_on_and_generated(
    make_bars: object, size: int, channels: int, game: str
) -> None:
    images = make_bars([40, 12, 3], size, channels)  # type: ignore[operator]
    method = Bagan(images, replace(SMOKE, game=game, epochs=1), CPU)
    losses = list(method.train())
    assert losses[0].keys() == {"reconstruction"}
    assert losses[1].keys() == {"discriminator", "penalty", "generator"}
    assert method.balance().counts.tolist() == [40, 40, 40]
    assert method.generate(2, 3).shape == (3, size, size, channels)
    # A class may have fewer members than DeepSMOTE needs: BAGAN-GP samples random codes.
    assert len({image.tobytes() for image in method.generate(2, 8)}) == 8


def test_adversarial_training_starts_with_the_encoders_weights(unbalanced: ImageSet) -> None:
    method = Bagan(unbalanced, SMOKE, CPU)
    training = iter(method.train())
    next(training)
    encoder = {name: value.clone() for name, value in method.encoder.convolutions.state_dict().items()}
    before = method.discriminator.convolutions.state_dict()["0.weight"].clone()
    assert not torch.equal(before, encoder["0.weight"])
    method.discriminator.initialise_from(method.encoder)
    assert torch.equal(method.discriminator.convolutions.state_dict()["0.weight"], encoder["0.weight"])
    next(training)
    assert torch.equal(method.encoder.convolutions.state_dict()["0.weight"], encoder["0.weight"])


def test_real_images_have_uniform_labels(make_bars: object) -> None:
    images = make_bars([120, 12, 12])  # type: ignore[operator]
    method = Bagan(images, SMOKE, CPU)
    generator = torch.Generator().manual_seed(0)
    drawn = [method._uniform_batch(generator) for _ in range(100)]
    counts = torch.cat([labels for _, labels in drawn]).bincount(minlength=3)
    assert (counts > 0.25 * counts.sum()).all()
    own = [
        {image.numpy().tobytes() for image in method._batches.images[members]} for members in method._batches.by_class
    ]
    assert all(
        picture.numpy().tobytes() in own[label]
        for pictures, labels in drawn
        for picture, label in zip(pictures, labels.tolist(), strict=True)
    )


def test_the_penalty_is_between_real_images_and_both_kinds_of_negatives(
    make_bars: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = make_bars([40, 40, 40])  # type: ignore[operator]
    bagan = Bagan(images, replace(SMOKE, batch_size=64), CPU)
    ends: list[tuple[torch.Tensor, torch.Tensor]] = []

    def seen(_: object, real: torch.Tensor, false: torch.Tensor, labels: torch.Tensor, __: object) -> torch.Tensor:
        ends.append((false, labels))
        return torch.zeros((), requires_grad=True)

    monkeypatch.setattr(method, "gradient_penalty", seen)
    generator = torch.Generator().manual_seed(0)
    bagan._critic_step(*bagan._uniform_batch(generator), generator)
    real = {picture.numpy().tobytes(): label for label, own in enumerate(bagan._batches.by_class)
            for picture in bagan._batches.images[own]}  # fmt: skip
    [(false, labels)] = ends
    found = [real.get(picture.detach().numpy().tobytes()) for picture in false]
    others = [(one, label) for one, label in zip(found, labels.tolist(), strict=True) if one is not None]
    assert 16 < len(others) < 48
    assert all(one != label for one, label in others)


def test_an_epoch_has_a_step_of_the_generator_for_each_batch_after_all_of_the_critic(
    unbalanced: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = Bagan(unbalanced, replace(SMOKE, autoencoder_epochs=0, epochs=1, critic_steps=3), CPU)
    steps, critic, made = [], method._critic_step, method._generator_step
    monkeypatch.setattr(method, "_critic_step", lambda *a: (steps.append("critic"), critic(*a))[1])
    monkeypatch.setattr(method, "_generator_step", lambda *a: (steps.append("generator"), made(*a))[1])
    list(method.train())
    assert steps == ["critic", "critic", "critic", "generator"] * -(-len(unbalanced) // SMOKE.batch_size)


def test_the_label_determines_the_generated_images(make_bars: object) -> None:
    images = make_bars([80, 60])  # type: ignore[operator]
    config = replace(SMOKE, autoencoder_epochs=5, epochs=10, critic_steps=2)
    config = replace(config, hidden_size=8, latent_size=16, learning_rate=2e-3)
    method = Bagan(images, config, CPU)
    list(method.train())
    upper, lower = (method.generate(label, 32).astype(float).mean((0, 3)) for label in (0, 1))
    assert upper[:14].mean() > 1.2 * upper[14:].mean()
    assert lower[14:].mean() > 1.2 * lower[:14].mean()


def test_classes_without_images_are_named(unbalanced: ImageSet) -> None:
    with pytest.raises(TrainingError, match="class c2 of bars has no images"):
        Bagan(unbalanced.take(np.flatnonzero(unbalanced.labels < 2)), SMOKE, CPU)
    with pytest.raises(TrainingError, match="wasserstein or bce"):
        SMOKE.changed(["game=chess"])
