"""The classifier networks: torchvision's, trained from scratch, and two for small images."""

import sys
import warnings
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

from euterpe_training.errors import TrainingError

#: Operators of object detection that torchvision's Python code expects from its compiled part.
_EXPECTED: Final = ("nms", "qnms")
_SIGNATURE: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def _torchvision() -> Any:
    """Return torchvision's module of models.

    Its wheels are compiled for CUDA: with a torch for CPUs their operators do not load, and the import fails at two of
    them. The networks do not use them, so these two are declared without an implementation.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            import torchvision
        except RuntimeError:
            for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
                del sys.modules[name]
            library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
            for operator in _EXPECTED:
                library.define(f"{operator}{_SIGNATURE}")  # type: ignore[no-untyped-call]
            # The declarations end with the life of this object.
            _LIBRARIES.append(library)
            import torchvision
    return torchvision.models


_LIBRARIES: Final[list[Any]] = []


def _with_channels(channels: int, convolution: nn.Conv2d) -> nn.Conv2d:
    """Return a convolution like the given one for images with `channels` channels."""
    if channels == convolution.in_channels:
        return convolution
    return nn.Conv2d(
        channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        convolution.stride,  # type: ignore[arg-type]
        convolution.padding,  # type: ignore[arg-type]
        bias=convolution.bias is not None,
    )


def _resnet(depth: int) -> Callable[[int, int], nn.Module]:
    def make(channels: int, classes: int) -> nn.Module:
        network: nn.Module = getattr(_torchvision(), f"resnet{depth}")(weights=None, num_classes=classes)
        network.conv1 = _with_channels(channels, network.conv1)  # type: ignore[arg-type]
        return network

    return make


def _squeezenet(channels: int, classes: int) -> nn.Module:
    network: Any = _torchvision().squeezenet1_1(weights=None, num_classes=classes)
    network.features[0] = _with_channels(channels, network.features[0])
    # The ReLU after the last convolution makes logits non-negative, and a class with a logit of 0 gets no gradient.
    network.classifier[2] = nn.Identity()
    return network  # type: ignore[no-any-return]


def _efficientnet(channels: int, classes: int) -> nn.Module:
    network: Any = _torchvision().efficientnet_b0(weights=None, num_classes=classes)
    network.features[0][0] = _with_channels(channels, network.features[0][0])
    return network  # type: ignore[no-any-return]


class SmallNetwork(nn.Module):
    """Four convolutions with stride 2 and batch norm, average pooling, linear: 0.1 s per 1,000 images on a CPU.

    Images [batch, channels, height, width] in −1..1 → logits [batch, classes].
    """

    def __init__(self, channels: int, classes: int, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = [channels, width, 2 * width, 4 * width, 6 * width]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.linear = nn.Linear(widths[-1], classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """See the class."""
        logits: torch.Tensor = self.linear(self.features(images))
        return logits


class _Residual(nn.Module):
    """Two 3×3 convolutions with batch norm and a skip connection. The names of layers are keys of checkpoints."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip
        same = before == after and stride == 1
        self.around = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map [batch, before, height, width] to [batch, after, height / stride, width / stride]."""
        return functional.relu(self.convolutions(images) + self.around(images))


def resnet8(channels: int, classes: int, width: int = 16) -> nn.Module:
    """Return a residual network of eight layers (He et al. 2016) for small images: its first layer has stride 1.

    Larger ResNets, designed for 224 pixels, reduce 28 pixels to 7 in their first two layers. Images
    [batch, channels, height, width] in −1..1 → logits [batch, classes].
    """
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        _Residual(width, 2 * width, 1), _Residual(2 * width, 4 * width, 2), _Residual(4 * width, 8 * width, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * width, classes),
    )  # fmt: skip


#: Networks by name, given channels and classes.
NETWORKS: Final[dict[str, Callable[[int, int], nn.Module]]] = {
    "resnet18": _resnet(18),
    "resnet34": _resnet(34),
    "resnet50": _resnet(50),
    "squeezenet1_1": _squeezenet,
    "efficientnet_b0": _efficientnet,
    "resnet8": resnet8,
    "small": SmallNetwork,
}


def check_networks(names: list[str]) -> None:
    """Raise TrainingError for a name that is not a network."""
    for name in names:
        if name not in NETWORKS:
            raise TrainingError(f"there is no network {name!r}; the networks are: {', '.join(NETWORKS)}")


def make_network(name: str, channels: int, classes: int) -> nn.Module:
    """Return the network called `name`; raise TrainingError when there is none."""
    check_networks([name])
    return NETWORKS[name](channels, classes)
