"""The loss: cross-entropy of each column of the next event, summed, per event."""

import torch
from euterpe_music.note_events.spec import COLUMNS
from torch import Tensor
from torch.nn import functional

from euterpe_training.ensemble.loader import Batch
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork

_IGNORED = -100


def column_losses(network: EnsembleNetwork, hidden: Tensor, batch: Batch) -> Tensor:
    """Return the summed cross-entropy of each column [5], over the rows [b, t] where `counts` [b, t, 5] is set."""
    flat = batch.counts.reshape(-1, len(COLUMNS))
    index = flat[:, 0].nonzero()[:, 0]
    chosen = hidden.reshape(-1, hidden.shape[-1]).index_select(0, index)
    wanted = batch.targets.reshape(-1, len(COLUMNS)).index_select(0, index)
    history = batch.history.reshape(-1, batch.history.shape[-1]).index_select(0, index)
    used = flat.index_select(0, index)
    logits = network.heads(chosen, wanted, history)
    losses = []
    for number, part in enumerate(logits):
        labels = torch.where(used[:, number], wanted[:, number], _IGNORED)
        losses.append(functional.cross_entropy(part.float(), labels, reduction="sum", ignore_index=_IGNORED))
    return torch.stack(losses)
