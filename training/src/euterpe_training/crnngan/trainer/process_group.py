"""One run shared by several processes (`torchrun`): each takes its part of every batch, and all take the same step."""

import os
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, distributed

from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.errors import TrainingError

#: Switches that look at a batch as a whole, which no process has.
_WHOLE_BATCH: Final = ("feature_matching", "minibatch_d", "generate_meta")


class Team:
    """The processes of a run; alone by default, and then every method gives back what it gets.

    Every process draws the randomness of the whole batch and keeps its part of it, so that the result is that of one
    process, up to the order of sums.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @classmethod
    def of_torchrun(cls) -> "Team":
        """The processes that `torchrun` started, over Gloo; one alone where it did not."""
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def check(self, config: CrnnganConfig) -> None:
        """TrainingError for a configuration that cannot be shared."""
        if self.size == 1:
            return
        if config.batch_size % self.size:
            raise TrainingError(
                f"a batch_size of {config.batch_size} cannot be shared by {self.size} processes: choose a multiple"
            )
        for name in _WHOLE_BATCH:
            if config.value(name):
                raise TrainingError(f"{name} looks at a batch as a whole: train it in one process, without torchrun")

    def mine(self, whole: Tensor, axis: int) -> Tensor:
        """This process' part of what was drawn for a batch."""
        return whole.chunk(self.size, axis)[self.rank] if self.size > 1 else whole

    def pairs(self, both: Tensor, songs: int) -> Tensor:
        """Uniform draws for `both` [steps, 2 · songs here, features], real and generated windows side by side."""
        steps, _, features = both.shape
        return self.mine(torch.rand(steps, 2, songs, features), 2).flatten(1, 2)

    def whole(self, mine: Tensor, axis: int) -> Tensor:
        """All processes' parts."""
        if self.size == 1:
            return mine
        parts = [torch.empty_like(mine) for _ in range(self.size)]
        distributed.all_gather(parts, mine.contiguous())
        return torch.cat(parts, axis)

    def mean(self, tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The mean of each of `tensors` over all processes, in one message."""
        if self.size == 1:
            return list(tensors)
        known = [tensor for tensor in tensors if tensor is not None]
        flat = torch.cat([tensor.detach().flatten() for tensor in known])
        distributed.all_reduce(flat)
        parts = iter(torch.split_with_sizes(flat / self.size, [tensor.numel() for tensor in known]))
        return [None if tensor is None else next(parts).view_as(tensor) for tensor in tensors]

    def number(self, value: Tensor) -> float:
        """The mean of a number over all processes."""
        [mean] = self.mean([value.detach()])
        return float(value if mean is None else mean)

    def any(self, here: bool) -> bool:
        """Whether it is so in any process."""
        return self.number(torch.tensor(float(here))) > 0
