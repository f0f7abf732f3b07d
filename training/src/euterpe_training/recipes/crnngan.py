"""The recipes of C-RNN-GAN by name."""

from collections.abc import Callable

from euterpe_music.spec import EventSpec

from euterpe_training.corpora import CorpusOptions
from euterpe_training.errors import TrainingError
from euterpe_training.recipes.config import CrnnganConfig

#: Note values in ticks of 384 per quarter, on a grid of 12 to the quarter: what the corpus is full of.
_NOTE_VALUES = (0, 32, 64, 96, 128, 160, 192, 288, 384, 576, 768, 1152, 1536, 3072, 6144)


def classical() -> CrnnganConfig:
    """What the released model was trained with: about half an hour on one core."""
    return CrnnganConfig(
        recipe="classical",
        # At 104 quarters per minute, 100 events last as long as they do in the corpus at its own tempos.
        spec=EventSpec(grid=32, pitch_low=21, pitch_high=108, bpm=104.0, time_rungs=_NOTE_VALUES),
        corpus=CorpusOptions(min_events=128),
        songlength=100,
        hidden_size_g=192,
        hidden_size_d=96,
        random_input_scale=2,
        keep_prob=0.8,
        init_scale=0.1,
        batch_size=32,
        optimizer="adam",
        learning_rate=2e-5,
        d_lr_factor=10.0,
        max_grad_norm=1.0,
        disable_l2_regularizer=True,
        pretraining_epochs=78,
        pretraining_loss="energy",
        pretraining_learning_rate=3e-3,
        anneal_pretraining=True,
        input_jitter=0.4,
        # The games tried after this pretraining moved the measures away from held-out songs' (docs/guides/training.md);
        # `--set max_epoch=4` plays one.
        max_epoch=0,
        freezing=True,
        real_label=0.9,
        anchor=1.0,
        adversarial_weight=0.05,
    )


def smoke() -> CrnnganConfig:
    """Seconds on any machine: shows that everything works, and teaches the network nothing."""
    return CrnnganConfig(
        recipe="smoke",
        corpus=CorpusOptions(min_events=16),
        songlength=16,
        hidden_size_g=16,
        hidden_size_d=16,
        batch_size=4,
        optimizer="adam",
        learning_rate=1e-3,
        pretraining_epochs=2,
        pretraining_loss="energy",
        max_epoch=2,
    )


RECIPES: dict[str, Callable[[], CrnnganConfig]] = {"classical": classical, "smoke": smoke}


def recipe(name: str) -> CrnnganConfig:
    """The recipe called `name`; TrainingError with the names there are when it is none of them."""
    if name not in RECIPES:
        raise TrainingError(f"there is no recipe {name!r}; there are {', '.join(sorted(RECIPES))}")
    return RECIPES[name]()
