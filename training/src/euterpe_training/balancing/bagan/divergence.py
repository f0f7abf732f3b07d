"""Detection of a diverged adversarial training from its losses."""

from collections.abc import Mapping, Sequence
from typing import Final

#: The penalty is the mean of (‖∇ critic‖ − 1)²: over 1, gradients are far from the bound that the Wasserstein loss
#: requires, and the critic's values mean nothing.
_LIMIT: Final = 1.0
#: Epochs in a row over the limit, as the penalty of a single one may be high by chance.
_EPOCHS: Final = 2


def divergence(history: Sequence[Mapping[str, float]]) -> int | None:
    """Return the first of two epochs in a row, counted from 1, whose gradient penalty is over 1; None without any."""
    high = [row.get("penalty", 0.0) > _LIMIT for row in history]
    for epoch in range(len(high) - _EPOCHS + 1):
        if all(high[epoch : epoch + _EPOCHS]):
            return epoch + 1
    return None
