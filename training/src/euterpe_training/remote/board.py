"""The history of a run for TensorBoard, in the run's directory."""

from pathlib import Path

from euterpe_training.remote.records import numbers, read_records


class Board:
    """Writes the records that are new since the last call. A resumed run continues the curves."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._written = len(read_records(run))

    def write(self) -> None:
        """Append new records to `tensorboard/`."""
        records = read_records(self._run)
        if len(records) <= self._written:
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(self._run / "tensorboard"), purge_step=self._written) as board:
            for step, record in enumerate(records[self._written :], self._written):
                for name, value in numbers(record).items():
                    board.add_scalar(name, value, step)
        self._written = len(records)
