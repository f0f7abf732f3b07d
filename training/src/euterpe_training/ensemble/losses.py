"""The loss: cross-entropy of each column of the next event, summed, per event."""

from collections.abc import Sequence

import torch
from euterpe_music.note_events.spec import COLUMNS
from torch import Tensor
from torch.nn import functional

from euterpe_training.ensemble.dataset import Example
from euterpe_training.ensemble.loader import Batch, Loader
from euterpe_training.ensemble.networks.backbones import State
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork

_IGNORED = -100
_MAX_ROWS = 16


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


@torch.no_grad()
def total_losses(network: EnsembleNetwork, examples: Sequence[Example], steps: int, device: torch.device) -> Tensor:
    """Return sums of losses and counts [2, columns] over examples, read in windows of `steps` rows."""
    rows = min(len(examples), _MAX_ROWS)
    loader = Loader(iter(enumerate(examples)), rows, steps)
    state: State = network.initial_state(rows, device)
    total = torch.zeros(2, len(COLUMNS))
    while (batch := loader.next()) is not None:
        moved = batch.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            hidden, state = network.hidden(moved.values, moved.echoes, moved.statics, state, moved.keep)
            losses = column_losses(network, hidden, moved)
        total += torch.stack([losses.float().cpu(), moved.counts.sum(dim=(0, 1)).float().cpu()])
    return total
