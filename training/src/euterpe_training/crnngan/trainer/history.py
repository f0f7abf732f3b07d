"""The record of an epoch."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Phase = Literal["pretraining", "adversarial"]


@dataclass(frozen=True)
class Epoch:
    """Means over one epoch; those of D are None in pretraining. `frozen_g` and `frozen_d` are shares of batches.

    The names are keys of checkpoints.
    """

    number: int
    phase: Phase
    length: int
    seconds: float
    g_loss: float
    validation_loss: float
    d_loss: float | None = None
    adversarial_loss: float | None = None
    d_real: float | None = None
    d_fake: float | None = None
    frozen_g: float = 0.0
    frozen_d: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
