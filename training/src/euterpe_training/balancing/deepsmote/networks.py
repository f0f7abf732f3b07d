"""The autoencoder of DeepSMOTE (references.md §3), for square images of 28 to 64 pixels."""

from torch import Tensor, nn

from euterpe_training.errors import TrainingError

#: From this size on, each layer of the decoder doubles the size; below, it adds three pixels, as in the paper.
_DOUBLES_FROM = 40


class Encoder(nn.Module):
    """[batch, channels, size, size] in −1..1 → codes [batch, latent].

    Four convolutions 4×4 with stride 2. The last one has stride 1 and no padding for an input of 4 pixels, as in the
    paper for 32×32.
    """

    def __init__(self, size: int, channels: int, hidden: int, latent: int) -> None:
        super().__init__()
        check_size(size)
        widths = [channels, hidden, 2 * hidden, 4 * hidden, 8 * hidden]
        layers: list[nn.Module] = []
        for index in range(4):
            stride, padding = (1, 0) if index == 3 and size == 4 else (2, 1)
            layers.append(nn.Conv2d(widths[index], widths[index + 1], 4, stride, padding, bias=False))
            if index:
                layers.append(nn.BatchNorm2d(widths[index + 1]))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            size = (size + 2 * padding - 4) // stride + 1
        self.convolutions = nn.Sequential(*layers)
        self.linear = nn.Linear(8 * hidden * size * size, latent)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        codes: Tensor = self.linear(self.convolutions(images).flatten(1))
        return codes


class Decoder(nn.Module):
    """Codes [batch, latent] → [batch, channels, size, size] in −1..1."""

    def __init__(self, size: int, channels: int, hidden: int, latent: int) -> None:
        super().__init__()
        check_size(size)
        doubling = size >= _DOUBLES_FROM
        self.start = size // 8 if doubling else size // 2 - 7
        self.width = 8 * hidden
        stride, padding = (2, 1) if doubling else (1, 0)
        self.linear = nn.Sequential(nn.Linear(latent, self.width * self.start**2), nn.ReLU(inplace=True))
        self.convolutions = nn.Sequential(
            nn.ConvTranspose2d(8 * hidden, 4 * hidden, 4, stride, padding),
            nn.BatchNorm2d(4 * hidden),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(4 * hidden, 2 * hidden, 4, stride, padding),
            nn.BatchNorm2d(2 * hidden),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(2 * hidden, channels, 4, 2, padding),
            nn.Tanh(),
        )

    def forward(self, codes: Tensor) -> Tensor:
        """See the class."""
        grown = self.linear(codes).unflatten(1, (self.width, self.start, self.start))
        images: Tensor = self.convolutions(grown)
        return images


def check_size(size: int) -> None:
    """Raise TrainingError for a size that the networks do not support."""
    if not (28 <= size < _DOUBLES_FROM and size % 2 == 0) and not (_DOUBLES_FROM <= size <= 64 and size % 8 == 0):
        raise TrainingError(
            f"images of {size} pixels are not supported; give --size 28 to 38 (even), 40, 48, 56 or 64"
        )  # fmt: skip
