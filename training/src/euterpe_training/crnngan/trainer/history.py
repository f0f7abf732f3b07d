"""What a run records per epoch."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Phase = Literal["pretraining", "adversarial"]


@dataclass(frozen=True)
class Epoch:
    """Means over one epoch. D's figures are None in pretraining."""

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
        """Plain values."""
        return asdict(self)
