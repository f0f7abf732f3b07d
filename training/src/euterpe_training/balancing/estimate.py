"""The duration of a training, measured on a few batches before it starts."""

import contextlib
import time
from typing import Final

import torch

from euterpe_training.balancing.classifier import FitOptions, seconds_per_batch
from euterpe_training.balancing.config import BaganConfig, DeepSmoteConfig
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.run import make_method

#: Batches that are measured, after one that is not: the first one allocates memory and selects kernels.
_BATCHES: Final = 3


class _Enough(Exception):
    pass


def seconds_of_training(
    images: ImageSet, config: DeepSmoteConfig | BaganConfig, device: torch.device, done: int = 0
) -> tuple[float, float]:
    """Return the seconds that a training of `config` takes after `done` epochs, and its images per second.

    A copy of the networks is trained for a few batches of each stage; the run itself is not changed.
    """
    pretraining = config.autoencoder_epochs if isinstance(config, BaganConfig) else 0
    stages = [(0, max(pretraining - done, 0))] if pretraining else []
    stages.append((pretraining, config.epochs - max(done - pretraining, 0)))
    seconds, count = 0.0, 0
    for first, epochs in stages:
        if epochs > 0:
            per_batch, batches = _seconds_per_batch(images, config, device, first)
            seconds += epochs * batches * per_batch
            count += epochs * len(images)
    return seconds, count / seconds if seconds else 0.0


def _seconds_per_batch(
    images: ImageSet, config: DeepSmoteConfig | BaganConfig, device: torch.device, epoch: int
) -> tuple[float, int]:
    method = make_method(images, config, device)
    method.history = [{}] * epoch
    times = [time.perf_counter()]

    def after_batch() -> None:
        times.append(time.perf_counter())
        if len(times) > _BATCHES + 1:
            raise _Enough

    with contextlib.suppress(_Enough):
        method.train_epoch(torch.Generator().manual_seed(0), after_batch)
    # An epoch of a single batch is measured as a whole.
    measured = times[1:] if len(times) > 2 else times
    return (measured[-1] - measured[0]) / (len(measured) - 1), method.batches_per_epoch


def classifier_rate(images: ImageSet, options: FitOptions, device: torch.device) -> float:
    """Return the images per second of the training of a classifier."""
    return options.batch_size / seconds_per_batch(images, options, _BATCHES, device)


def seconds_of_fit(count: int, options: FitOptions, rate: float) -> float:
    """Return the seconds that training a classifier on `count` images takes at most, at a rate of images per second."""
    per_round = options.steps_per_round * options.batch_size if options.steps_per_round else count
    return options.epochs * per_round / rate
