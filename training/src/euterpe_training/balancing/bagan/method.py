"""Training of BAGAN-GP: the supervised autoencoder, then adversarial training with gradient penalty.

Where the public code differs from the paper, the paper is followed: the loss is Wasserstein's unless `game` is bce, the
interpolation's weight is uniform, a wrong label is never the right one, and the discriminator is initialized by the
encoder. For stability, real images have uniform labels, and the penalty also applies between classes.
"""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from euterpe_training.balancing.bagan.losses import discriminator_loss, generator_loss, gradient_penalty, wrong_labels
from euterpe_training.balancing.bagan.networks import SHRINKS_BY, Decoder, Discriminator, Embedding, Encoder
from euterpe_training.balancing.config import BaganConfig
from euterpe_training.balancing.images import ImageSet, Pixels
from euterpe_training.balancing.method import AfterBatch, Method
from euterpe_training.balancing.pixels import Batches, to_pixels
from euterpe_training.errors import TrainingError

_GENERATION_BATCH = 256


class Bagan(Method):
    """Generator (embedding and decoder) and discriminator, initialized by an autoencoder of all classes."""

    kind: ClassVar[str] = "bagan-gp"

    def __init__(self, images: ImageSet, config: BaganConfig, device: torch.device) -> None:
        super().__init__(images, device, config)
        if (images.counts == 0).any():
            name = images.classes[int(np.flatnonzero(images.counts == 0)[0])]
            raise TrainingError(f"class {name} of {images.name} has no images; remove the class")
        self.config = config
        self._classes = len(images.classes)
        #: Images are padded to the next multiple of 16 with a black border.
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
        """See the base class."""
        return self.config.autoencoder_epochs + self.config.epochs

    @property
    def batches_per_epoch(self) -> int:
        """See the base class."""
        return -(-len(self.data) // self.config.batch_size)

    def modules(self) -> dict[str, nn.Module]:
        """See the base class."""
        return {
            "encoder": self.encoder, "embedding": self.embedding,
            "decoder": self.decoder, "discriminator": self.discriminator,
        }  # fmt: skip

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """See the base class."""
        return dict(self._optimizers)

    def train_epoch(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        """Train an epoch of the autoencoder, or of adversarial training after those."""
        if len(self.history) < self.config.autoencoder_epochs:
            return self._autoencode(generator, after_batch)
        if len(self.history) == self.config.autoencoder_epochs:
            self.discriminator.initialise_from(self.encoder)
        return self._train_adversarially(generator, after_batch)

    def _autoencode(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        losses = []
        for images, labels in self._batches.shuffled(generator):
            with self.autocast():
                decoded = self.decoder(self.embedding(self.encoder(images), labels))
            loss = (decoded.float() - images).abs().mean()
            self._step("autoencoder", loss)
            losses.append(float(loss.detach()))
            after_batch()
        return {"reconstruction": float(np.mean(losses))}

    def _train_adversarially(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        totals: dict[str, list[float]] = {"discriminator": [], "penalty": [], "generator": []}
        # An epoch has one step of the generator per batch, each after all steps of the critic, as in the public code
        # and in the thesis.
        for _ in range(self.batches_per_epoch):
            for _ in range(self.config.critic_steps):
                loss, penalty = self._critic_step(*self._uniform_batch(generator), generator)
                totals["discriminator"].append(loss)
                totals["penalty"].append(penalty)
            totals["generator"].append(self._generator_step(generator))
            after_batch()
        return {name: float(np.mean(values)) for name, values in totals.items()}

    def _critic_step(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[float, float]:
        with torch.no_grad(), self.autocast():
            fake = self._decode(labels, generator).float()
        others = self._members(wrong_labels(labels, self._classes, generator), generator)
        critic = self.discriminator
        with self.autocast():
            outputs = critic(images, labels), critic(fake, labels), critic(others, labels)
        loss = discriminator_loss(self.config.game, *(output.float() for output in outputs))
        # Between real images and both kinds of negative examples: with generated ones only, the critic's difference
        # between real images of two classes would be unbounded. Second derivatives need more than half precision.
        coin = (torch.rand(len(labels), 1, 1, 1, generator=generator) < 0.5).to(self.device)
        penalty = gradient_penalty(critic, images, torch.where(coin, fake, others), labels, generator)
        self._step("discriminator", loss + self.config.gradient_penalty * penalty)
        return float(loss.detach()), float(penalty.detach())

    def _generator_step(self, generator: torch.Generator) -> float:
        labels = self._uniform_labels(generator)
        with self.autocast():
            output = self.discriminator(self._decode(labels, generator), labels)
        loss = generator_loss(self.config.game, output.float())
        self._step("generator", loss)
        return float(loss.detach())

    def _step(self, name: str, loss: Tensor) -> None:
        # The generator's loss also has gradients for the discriminator; each network clears its own before its step.
        self._optimizers[name].zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizers[name].step()

    def _uniform_batch(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return a batch of real images with uniform labels, like those of generated images.

        With the labels' frequencies in the set, the critic could tell real from generated by the label alone, without
        a bound, because the penalty applies to gradients with respect to images only.
        """
        labels = self._uniform_labels(generator)
        return self._members(labels, generator), labels

    def _members(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        members = [self._batches.by_class[label] for label in labels.tolist()]
        chosen = [int(own[torch.randint(len(own), (1,), generator=generator)]) for own in members]
        return self._batches.images[chosen]

    def _uniform_labels(self, generator: torch.Generator) -> Tensor:
        return torch.randint(self._classes, (self.config.batch_size,), generator=generator).to(self.device)

    def _decode(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        codes = torch.randn(len(labels), self.config.latent_size, generator=generator).to(self.device)
        images: Tensor = self.decoder(self.embedding(codes, labels))
        return images

    @torch.no_grad()
    def generate_from(self, label: int, count: int, seed: int = 0) -> tuple[Pixels, NDArray[np.int64]]:
        """Generate images from normally distributed codes, without the border; they have no parents."""
        self.embedding.eval()
        self.decoder.eval()
        generator = torch.Generator().manual_seed(seed)
        parts = []
        for start in range(0, count, _GENERATION_BATCH):
            labels = torch.full((min(_GENERATION_BATCH, count - start),), label, device=self.device)
            parts.append(to_pixels(self._decode(labels, generator)))
        before, (height, width) = self._border // 2, self.data.size
        images = np.concatenate(parts)[:, before : before + height, before : before + width]
        return images, np.zeros((count, 0), np.int64)
