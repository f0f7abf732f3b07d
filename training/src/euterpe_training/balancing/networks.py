"""The networks that judge a balanced set: torchvision's, trained from scratch, and two for small images."""

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

#: Operators of object detection that torchvision's Python code expects of its compiled part.
_EXPECTED: Final = ("nms", "qnms")
_SIGNATURE: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def _torchvision() -> Any:
    """torchvision's module of models.

    The wheels on PyPI are compiled for CUDA: beside a torch for CPUs their operators do not load, and the import fails
    at two of them. The networks here need none of them, so these two are declared, without a body.
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
            # Operators are forgotten with the object that declared them.
            _KEPT.append(library)
            import torchvision
    return torchvision.models


_KEPT: Final[list[Any]] = []


def _first_of(channels: int, convolution: nn.Conv2d) -> nn.Conv2d:
    """A first convolution like the one given, for images with other channels."""
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
        network.conv1 = _first_of(channels, network.conv1)  # type: ignore[arg-type]
        return network

    return make


def _squeezenet(channels: int, classes: int) -> nn.Module:
    network: Any = _torchvision().squeezenet1_1(weights=None, num_classes=classes)
    network.features[0] = _first_of(channels, network.features[0])
    # The ReLU after the last convolution leaves logits that cannot be negative, and a dead class never comes back.
    network.classifier[2] = nn.Identity()
    return network  # type: ignore[no-any-return]


def _efficientnet(channels: int, classes: int) -> nn.Module:
    network: Any = _torchvision().efficientnet_b0(weights=None, num_classes=classes)
    network.features[0][0] = _first_of(channels, network.features[0][0])
    return network  # type: ignore[no-any-return]


class SmallNetwork(nn.Module):
    """Four convolutions with stride 2 and batch norm, mean over places, linear: a tenth of a second per 1,000 images.

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
    """Two 3×3 convolutions with batch norm beside a way around them."""

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
        """[batch, before, height, width] → [batch, after, height / stride, width / stride]."""
        return functional.relu(self.convolutions(images) + self.around(images))


def resnet8(channels: int, classes: int, width: int = 16) -> nn.Module:
    """Eight layers with ways around them (He et al. 2016), for small images: the first looks at every pixel.

    Its larger relatives, made for 224 pixels, have 28 down to seven by seven after their first two layers. Images
    [batch, channels, height, width] in −1..1 → logits [batch, classes].
    """
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        _Residual(width, 2 * width, 1), _Residual(2 * width, 4 * width, 2), _Residual(4 * width, 8 * width, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * width, classes),
    )  # fmt: skip


#: Name → network, given channels and classes.
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
    """Raises TrainingError for a name that is no network."""
    for name in names:
        if name not in NETWORKS:
            raise TrainingError(f"there is no network {name!r}; there are: {', '.join(NETWORKS)}")


def make_network(name: str, channels: int, classes: int) -> nn.Module:
    """The network called `name`; TrainingError when there is none."""
    check_networks([name])
    return NETWORKS[name](channels, classes)
