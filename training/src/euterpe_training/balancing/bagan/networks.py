"""The networks of BAGAN-GP (references.md §3), for images whose size is a multiple of 16.

`hidden` is the channels of the first convolution: 64 in the paper, where the others have 128, 128 and 256.
"""

from torch import Tensor, nn

#: Four strides of 2.
SHRINKS_BY = 16


def _convolutions(channels: int, hidden: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    widths = [channels, hidden, 2 * hidden, 2 * hidden, 4 * hidden]
    for index in range(4):
        layers += [nn.Conv2d(widths[index], widths[index + 1], 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


class Encoder(nn.Module):
    """[batch, channels, size, size] in −1..1 → codes [batch, latent]."""

    def __init__(self, size: int, channels: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.convolutions = _convolutions(channels, hidden)
        self.linear = nn.Linear(4 * hidden * (size // SHRINKS_BY) ** 2, latent)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        codes: Tensor = self.linear(self.convolutions(images).flatten(1))
        return codes


class Embedding(nn.Module):
    """Codes [batch, latent] and labels [batch] → codes multiplied by the label's embedding."""

    def __init__(self, classes: int, latent: int) -> None:
        super().__init__()
        self.labels = nn.Embedding(classes, latent)
        # Around 1, so that codes are nearly unchanged at first.
        nn.init.normal_(self.labels.weight, 1.0, 0.5)

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """See the class."""
        product: Tensor = codes * self.labels(labels)
        return product


class Decoder(nn.Module):
    """Codes [batch, latent] → [batch, channels, size, size] in −1..1."""

    def __init__(self, size: int, channels: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.start, self.width = size // SHRINKS_BY, 4 * hidden
        self.linear = nn.Linear(latent, self.width * self.start**2)
        widths = [self.width, 2 * hidden, 2 * hidden, hidden]
        layers: list[nn.Module] = []
        for index in range(3):
            layers += [
                nn.ConvTranspose2d(widths[index], widths[index + 1], 4, 2, 1),
                nn.BatchNorm2d(widths[index + 1]),
                nn.LeakyReLU(0.2),
            ]
        self.convolutions = nn.Sequential(*layers, nn.ConvTranspose2d(hidden, channels, 4, 2, 1), nn.Tanh())

    def forward(self, codes: Tensor) -> Tensor:
        """See the class."""
        images: Tensor = self.convolutions(self.linear(codes).unflatten(1, (self.width, self.start, self.start)))
        return images


class Discriminator(nn.Module):
    """Images [batch, channels, size, size] and labels [batch] → one number each, higher for real images."""

    def __init__(self, size: int, channels: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.convolutions = _convolutions(channels, hidden)
        features = 4 * hidden * (size // SHRINKS_BY) ** 2
        self.labels = nn.Embedding(classes, features)
        nn.init.normal_(self.labels.weight, 1.0, 0.5)
        self.head = nn.Sequential(nn.Linear(features, 8 * hidden), nn.LeakyReLU(0.2), nn.Linear(8 * hidden, 1))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """See the class."""
        features = self.convolutions(images).flatten(1) * self.labels(labels)
        output: Tensor = self.head(features)[:, 0]
        return output

    def initialise_from(self, encoder: Encoder) -> None:
        """Copy the encoder's convolutions, which were trained on every class, as in the paper."""
        self.convolutions.load_state_dict(encoder.convolutions.state_dict())
