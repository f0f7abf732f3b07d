"""Data-parallel training with `torchrun`: each process computes a shard of every batch, and all take the same step."""

import os
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, distributed

from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.errors import TrainingError

#: Switches that need a whole batch in one process.
_WHOLE_BATCH: Final = ("feature_matching", "minibatch_d", "generate_meta")


class ProcessGroup:
    """The processes of a run; one by default, for which every method returns its argument.

    Every process draws the random numbers of the whole batch and takes its shard of them, so that the result equals
    that of one process, up to the order of sums.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @classmethod
    def from_torchrun(cls) -> "ProcessGroup":
        """Return the group of processes that `torchrun` started, over Gloo; one process without `torchrun`."""
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def is_leader(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    def check(self, config: CrnnganConfig) -> None:
        """Raise TrainingError for a configuration that several processes cannot train."""
        if self.size == 1:
            return
        if config.batch_size % self.size:
            raise TrainingError(
                f"batch_size must be a multiple of the number of processes, {self.size}; it is {config.batch_size}"
            )
        for name in _WHOLE_BATCH:
            if config.value(name):
                raise TrainingError(f"{name} needs a whole batch in one process: train without torchrun")

    def shard(self, batch: Tensor, axis: int) -> Tensor:
        """Return this process's part of a tensor of the whole batch."""
        return batch.chunk(self.size, axis)[self.rank] if self.size > 1 else batch

    def draw_pairs(self, pairs: Tensor, songs: int) -> Tensor:
        """Draw uniform numbers for `pairs` [steps, 2 · local songs, features] of real and generated windows.

        `songs` is the number of songs of the whole batch.
        """
        steps, _, features = pairs.shape
        return self.shard(torch.rand(steps, 2, songs, features).to(pairs.device), 2).flatten(1, 2)

    def gather(self, shard: Tensor, axis: int) -> Tensor:
        """Concatenate the parts of all processes."""
        if self.size == 1:
            return shard
        parts = [torch.empty_like(shard) for _ in range(self.size)]
        distributed.all_gather(parts, shard.contiguous())
        return torch.cat(parts, axis)

    def mean(self, tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return the mean of each tensor over all processes, in one message."""
        if self.size == 1:
            return list(tensors)
        known = [tensor for tensor in tensors if tensor is not None]
        flat = torch.cat([tensor.detach().flatten() for tensor in known])
        distributed.all_reduce(flat)
        parts = iter(torch.split_with_sizes(flat / self.size, [tensor.numel() for tensor in known]))
        return [None if tensor is None else next(parts).view_as(tensor) for tensor in tensors]

    def mean_scalar(self, value: Tensor) -> float:
        """Return the mean of a number over all processes."""
        [mean] = self.mean([value.detach()])
        return float(value if mean is None else mean)

    def any(self, condition: bool) -> bool:
        """Return whether the condition holds in any process."""
        return self.mean_scalar(torch.tensor(float(condition))) > 0
