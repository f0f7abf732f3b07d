"""Training of the autoencoder, and generation of images between neighbours in its latent space.

Where the public code differs from the paper, the paper is followed: images are scaled to the decoder's −1..1, counts
come from the data, the penalty compares images with permuted codes, and its gradient reaches the encoder.
"""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from euterpe_training.balancing.classical import check_neighbours
from euterpe_training.balancing.config import DeepSmoteConfig
from euterpe_training.balancing.deepsmote.networks import Decoder, Encoder
from euterpe_training.balancing.images import ImageSet, Pixels
from euterpe_training.balancing.method import AfterBatch, Method
from euterpe_training.balancing.pixels import Batches, to_pixels

_ENCODING_BATCH = 512


class DeepSmote(Method):
    """Encoder and decoder that are trained to reconstruct all classes, with a penalty on single classes."""

    kind: ClassVar[str] = "deepsmote"

    def __init__(self, images: ImageSet, config: DeepSmoteConfig, device: torch.device) -> None:
        super().__init__(images, device, config)
        # The largest class, too: grids show generated images of all classes.
        check_neighbours(images, config.neighbours, images.counts > 0)
        self.config = config
        sizes = (images.size[0], images.channels, config.hidden_size, config.latent_size)
        # Channels last is a quarter faster in half precision on a CPU.
        self.encoder, self.decoder = (
            module.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            for module in (Encoder(*sizes), Decoder(*sizes))
        )
        self._optimizers = {
            name: torch.optim.Adam(module.parameters(), lr=config.learning_rate, fused=True)
            for name, module in self.modules().items()
        }
        self._batches = Batches(images, config.batch_size, device)

    @property
    def epochs(self) -> int:
        """See the base class."""
        return self.config.epochs

    @property
    def batches_per_epoch(self) -> int:
        """See the base class."""
        return -(-len(self.data) // self.config.batch_size)

    def modules(self) -> dict[str, nn.Module]:
        """See the base class."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """See the base class."""
        return dict(self._optimizers)

    def train_epoch(self, generator: torch.Generator, after_batch: AfterBatch) -> dict[str, float]:
        """Train an epoch; return the mean reconstruction loss and penalty of images in −1..1."""
        totals = torch.zeros(2)
        batches = self._batches.shuffled(generator)
        for images, _ in batches:
            with self.autocast():
                reconstruction = (self.decoder(self.encoder(images)).float() - images).square().mean()
                penalty = self.penalty(self._one_class(generator), generator)
            for optimizer in self._optimizers.values():
                optimizer.zero_grad(set_to_none=True)
            (reconstruction + penalty).backward()
            for optimizer in self._optimizers.values():
                optimizer.step()
            totals += torch.tensor([float(reconstruction.detach()), float(penalty.detach())])
            after_batch()
        mean = (totals / len(batches)).tolist()
        return {"reconstruction": mean[0], "penalty": mean[1]}

    def penalty(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return the squared distance of a class' images from those decoded from permuted codes, or from their own."""
        codes = self.encoder(images)
        if self.config.penalty == "permuted":
            codes = codes[torch.randperm(len(images), generator=generator)]
        distance: Tensor = (self.decoder(codes).float() - images).square().mean()
        return distance

    def _one_class(self, generator: torch.Generator) -> Tensor:
        """Return up to a batch of images of a random class, without replacement."""
        present = [members for members in self._batches.by_class if len(members) > 1]
        members = present[int(torch.randint(len(present), (1,), generator=generator))]
        chosen = torch.randperm(len(members), generator=generator)[: self.config.batch_size]
        return self._batches.images[members[chosen]]

    @torch.no_grad()
    def encode(self, images: Tensor) -> NDArray[np.float32]:
        """Return the codes of images in −1..1."""
        self.encoder.eval()
        parts = [self.encoder(part.to(self.device)).cpu() for part in torch.split(images, _ENCODING_BATCH)]
        codes: NDArray[np.float32] = torch.cat(parts).numpy()
        return codes

    @torch.no_grad()
    def decode(self, codes: NDArray[np.float32]) -> Pixels:
        """Return the images of codes."""
        self.decoder.eval()
        parts = torch.split(torch.from_numpy(codes), _ENCODING_BATCH)
        return np.concatenate([to_pixels(self.decoder(part.to(self.device))) for part in parts])

    def generate_from(self, label: int, count: int, seed: int = 0) -> tuple[Pixels, NDArray[np.int64]]:
        """Generate images from codes that are uniform between those of a member and of one of its neighbours."""
        random = np.random.default_rng(seed)
        members = self._batches.by_class[label]
        codes = self.encode(self._batches.images[members])
        # The first neighbour of a member is itself.
        finder = NearestNeighbors(n_neighbors=self.config.neighbours + 1).fit(codes)
        neighbours = finder.kneighbors(codes, return_distance=False)[:, 1:]
        base = random.integers(0, len(codes), count)
        other = neighbours[base, random.integers(0, self.config.neighbours, count)]
        share = random.random((count, 1), np.float32)
        images = self.decode(codes[base] + share * (codes[other] - codes[base]))
        return images, members.cpu().numpy()[np.column_stack([base, other])]
