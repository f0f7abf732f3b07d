"""The processes of a run: one, or those that `torchrun` starts on each node.

Kubeflow Trainer sets `torchrun`'s variables (PET_NNODES, PET_NPROC_PER_NODE, PET_NODE_RANK, PET_MASTER_ADDR,
PET_MASTER_PORT); the chart sets the same for a JobSet or Job.
https://docs.pytorch.org/docs/stable/elastic/run.html
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Final

from euterpe_training.errors import TrainingError

#: The command that trains several processes as one; the others would train one model each.
_PARALLEL: Final = "crnngan"
#: What continues a run that has a checkpoint; ensembles need nothing.
_RESUME: Final[Mapping[str, tuple[str, ...]]] = {"crnngan": ("--resume",), "melody": ("--resume",)}
#: `euterpe-train`, in a form that `torchrun` can start, too.
PROGRAM: Final = (sys.executable, "-m", "euterpe_training.cli")


def training_command(
    arguments: Sequence[str],
    *,
    has_checkpoint: bool,
    program: Sequence[str] = PROGRAM,
    environment: Mapping[str, str] = os.environ,
) -> list[str]:
    """Return the command that trains or resumes on this node. Raises TrainingError for a model of one process."""
    resume = [each for each in _RESUME.get(arguments[0], ()) if has_checkpoint and each not in arguments]
    nodes, processes = (environment.get(f"PET_{name}", "1") for name in ("NNODES", "NPROC_PER_NODE"))
    if (nodes, processes) == ("1", "1"):
        return [*program, *arguments, *resume]
    if arguments[0] != _PARALLEL:
        raise TrainingError(f"only {_PARALLEL} trains on several processes: set nodes and processesPerNode to 1")
    standalone = ["--standalone"] if nodes == "1" and "PET_MASTER_ADDR" not in environment else []
    return [program[0], "-m", "torch.distributed.run", *standalone, *program[1:], *arguments, *resume]


def node_rank(environment: Mapping[str, str] = os.environ) -> int:
    """Return the number of this node; node 0 writes checkpoints."""
    return int(environment.get("PET_NODE_RANK", "0"))


class Child:
    """A command that SIGTERM to this process stops, too: its own handler can save a checkpoint."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        signal.signal(signal.SIGTERM, self._stop)

    def run(self, command: Sequence[str], every_seconds: float, turn: Callable[[], object]) -> int:
        """Run to the end and call `turn` at an interval; return the exit status."""
        if self.is_stopped:
            return -signal.SIGTERM
        self._process = subprocess.Popen(command)
        while True:
            try:
                return self._process.wait(every_seconds)
            except subprocess.TimeoutExpired:
                turn()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopped = True
        if self._process and self._process.poll() is None:
            self._process.terminate()
