"""Training BAGAN-GP: the supervised autoencoder, then the game with gradient penalty.

Where the public code differs from the paper, the paper is followed: the game is Wasserstein's unless the code's BCE is
asked for, the interpolation's weight is uniform, the wrong label is never the right one, and the discriminator begins
as the encoder. Lest the game run away, its real images have uniform labels, and the penalty holds between classes, too.
Classes without images take no part.
"""

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.balancing.bagan.losses import discriminator_loss, generator_loss, gradient_penalty, wrong_labels
from euterpe_training.balancing.bagan.networks import SHRINKS_BY, Decoder, Discriminator, Embedding, Encoder
from euterpe_training.balancing.config import BaganConfig
from euterpe_training.balancing.images import ImageSet, Pixels
from euterpe_training.balancing.method import AfterBatch, Method
from euterpe_training.balancing.pixels import Batches, to_pixels
from euterpe_training.errors import TrainingError

_MAKING_BATCH = 256


class Bagan(Method):
    """Generator (embedding and decoder) and discriminator, after an autoencoder that has all classes."""

    kind: ClassVar[str] = "bagan-gp"

    def __init__(self, images: ImageSet, config: BaganConfig, device: torch.device) -> None:
        super().__init__(images, device, config)
        if (images.counts == 0).any():
            name = images.classes[int(np.flatnonzero(images.counts == 0)[0])]
            raise TrainingError(f"class {name} of {images.name} has no images; leave it out")
        self.config = config
        self._classes = len(images.classes)
        #: Images grow by a dark border to the next size that four halvings divide.
        self._border = -images.size[0] % SHRINKS_BY
        size = images.size[0] + self._border
        sizes = (size, images.channels, config.hidden_size, config.latent_size)
        self.encoder, self.decoder = Encoder(*sizes).to(device), Decoder(*sizes).to(device)
        self.embedding = Embedding(self._classes, config.latent_size).to(device)
        self.discriminator = Discriminator(size, images.channels, config.hidden_size, self._classes).to(device)
        self._optimizers = {
            "autoencoder": self._adam(self.encoder, self.embedding, self.decoder),
            "generator": self._adam(self.embedding, self.decoder),
            "discriminator": self._adam(self.discriminator),
        }
        self._batches = Batches(images, config.batch_size, device)
        before = self._border // 2
        padding = (before, self._border - before) * 2
        self._batches.images = functional.pad(self._batches.images, padding, value=-1.0)

    def _adam(self, *modules: nn.Module) -> torch.optim.Optimizer:
        parameters = [parameter for module in modules for parameter in module.parameters()]
        return torch.optim.Adam(parameters, lr=self.config.learning_rate, betas=(0.5, 0.9))

    @property
    def epochs(self) -> int:
        """See Method."""
        return self.config.autoencoder_epochs + self.config.epochs

    @property
    def batches_per_epoch(self) -> int:
        """See Method."""
        return -(-len(self.data) // self.config.batch_size)

    def modules(self) -> dict[str, nn.Module]:
        """See Method."""
        return {
            "encoder": self.encoder, "embedding": self.embedding,
            "decoder": self.decoder, "discriminator": self.discriminator,
        }  # fmt: skip

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """See Method."""
        return dict(self._optimizers)

    def train_epoch(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        """Of the autoencoder first, then of the game."""
        if len(self.history) < self.config.autoencoder_epochs:
            return self._autoencode(generator, after_batch)
        if len(self.history) == self.config.autoencoder_epochs:
            self.discriminator.begin_as(self.encoder)
        return self._play(generator, after_batch)

    def _autoencode(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        losses = []
        for images, labels in self._batches.shuffled(generator):
            with self.precise():
                again = self.decoder(self.embedding(self.encoder(images), labels))
            loss = (again.float() - images).abs().mean()
            self._step("autoencoder", loss)
            losses.append(float(loss.detach()))
            after_batch()
        return {"reconstruction": float(np.mean(losses))}

    def _play(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        totals: dict[str, list[float]] = {"discriminator": [], "penalty": [], "generator": []}
        # An epoch is as many steps of the generator as there are batches, each after all those of the critic: so the
        # public code counts, and so the thesis' epochs are meant.
        for _ in range(self.batches_per_epoch):
            for _ in range(self.config.critic_steps):
                loss, penalty = self._critic_step(*self._one_of_each(generator), generator)
                totals["discriminator"].append(loss)
                totals["penalty"].append(penalty)
            totals["generator"].append(self._generator_step(generator))
            after_batch()
        return {name: float(np.mean(values)) for name, values in totals.items()}

    def _critic_step(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[float, float]:
        with torch.no_grad(), self.precise():
            fake = self._make(labels, generator).float()
        others = self._members(wrong_labels(labels, self._classes, generator), generator)
        judge = self.discriminator
        with self.precise():
            judgements = judge(images, labels), judge(fake, labels), judge(others, labels)
        loss = discriminator_loss(self.config.game, *(given.float() for given in judgements))
        # Towards what is false either way: were it towards made images only, nothing would bound how far apart the
        # critic may hold real images of two classes. A gradient of a gradient loses too much in half precision.
        coin = (torch.rand(len(labels), 1, 1, 1, generator=generator) < 0.5).to(self.device)
        penalty = gradient_penalty(judge, images, torch.where(coin, fake, others), labels, generator)
        self._step("discriminator", loss + self.config.gradient_penalty * penalty)
        return float(loss.detach()), float(penalty.detach())

    def _generator_step(self, generator: torch.Generator) -> float:
        labels = self._uniform_labels(generator)
        with self.precise():
            judgement = self.discriminator(self._make(labels, generator), labels)
        loss = generator_loss(self.config.game, judgement.float())
        self._step("generator", loss)
        return float(loss.detach())

    def _step(self, name: str, loss: Tensor) -> None:
        # The generator's gradients also reach the discriminator; each side clears its own before its step.
        self._optimizers[name].zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizers[name].step()

    def _one_of_each(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch of real images whose labels are uniform, as those of the made ones are.

        Were real labels as rare as the set has them, the labels alone would tell real from made. Nothing bounds how
        sure of them a critic may become, as the penalty is on gradients towards images.
        """
        labels = self._uniform_labels(generator)
        return self._members(labels, generator), labels

    def _members(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        members = [self._batches.by_class[label] for label in labels.tolist()]
        chosen = [int(own[torch.randint(len(own), (1,), generator=generator)]) for own in members]
        return self._batches.images[chosen]

    def _uniform_labels(self, generator: torch.Generator) -> Tensor:
        return torch.randint(self._classes, (self.config.batch_size,), generator=generator).to(self.device)

    def _make(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        codes = torch.randn(len(labels), self.config.latent_size, generator=generator).to(self.device)
        images: Tensor = self.decoder(self.embedding(codes, labels))
        return images

    @torch.no_grad()
    def generate(self, label: int, count: int, seed: int = 0) -> Pixels:
        """Images of codes drawn from the normal distribution, without the border."""
        self.embedding.eval()
        self.decoder.eval()
        generator = torch.Generator().manual_seed(seed)
        parts = []
        for start in range(0, count, _MAKING_BATCH):
            labels = torch.full((min(_MAKING_BATCH, count - start),), label, device=self.device)
            parts.append(to_pixels(self._make(labels, generator)))
        before, (height, width) = self._border // 2, self.data.size
        return np.concatenate(parts)[:, before : before + height, before : before + width]
