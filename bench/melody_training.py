"""Training speed: all positions of a window at once, compared with the thesis' one window per target.

Both train the thesis' run 1 (one LSTM of 512 units, windows of 64, batches of 64) on the same tokens with Adam, in
fp32, and count target tokens per second. The first is also timed in bfloat16, the default.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from euterpe_music.tokens import Vocabulary
from euterpe_training.melody.data import TokenFormat
from euterpe_training.melody.networks import build_network
from euterpe_training.melody.recipes import melody_recipe
from report import report
from torch import Tensor, nn

WORDS, ROUNDS = 90, 3


def measure() -> dict[str, float]:
    """Return `training_speedup`, and the tokens per second of both."""
    config = replace(melody_recipe("run1"), dropout=0.0)
    words = [str(pitch) for pitch in range(WORDS - 4)]
    token_format = TokenFormat((Vocabulary.build("steps", [["_", "r", *words]]),), (), ())
    tokens = torch.from_numpy(np.random.default_rng(0).integers(2, WORDS, (config.batch_size, config.window + 1)))

    def trainer(*, last_only: bool, half: bool) -> Callable[[], None]:
        torch.manual_seed(0)
        network = build_network(config, token_format)
        optimizer = torch.optim.Adam(network.parameters())
        nothing = torch.zeros(config.batch_size, config.window, 0, dtype=torch.int64)

        def step() -> None:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits: Tensor = network(tokens[:, :-1, None], nothing)
            chosen = (logits[:, -1], tokens[:, -1]) if last_only else (logits.flatten(0, 1), tokens[:, 1:].flatten())
            loss = nn.functional.cross_entropy(chosen[0].float(), chosen[1])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        return step

    one = config.batch_size / _seconds(trainer(last_only=True, half=False))
    every = config.batch_size * config.window / _seconds(trainer(last_only=False, half=False))
    shipped = config.batch_size * config.window / _seconds(trainer(last_only=False, half=True))
    return {
        "training_tokens_per_s_windows": round(one, 1),
        "training_tokens_per_s": round(every, 1),
        "training_tokens_per_s_bfloat16": round(shipped, 1),
        "training_speedup": round(every / one, 1),
        "training_speedup_bfloat16": round(shipped / one, 1),
    }


def _seconds(step: Callable[[], None]) -> float:
    """Return the CPU seconds of one step, the best of several, because the machine may be shared."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        step()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    torch.set_num_threads(1)
    report("melody-training", measure())
