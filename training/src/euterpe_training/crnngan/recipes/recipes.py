"""The recipes of C-RNN-GAN, by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from euterpe_music.spec import EventSpec, faithful_spec, thesis_spec

from euterpe_training.crnngan.corpora import CorpusOptions
from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.errors import TrainingError

#: The commonest note values of the corpus, in ticks (384 per quarter), on a grid of 12 steps per quarter.
_NOTE_VALUES = (0, 32, 64, 96, 128, 160, 192, 288, 384, 576, 768, 1152, 1536, 3072, 6144)


#: Settings that the recipes of all released models have in common.
_RELEASED: Final[dict[str, Any]] = {
    "hidden_size_g": 192, "hidden_size_d": 96, "keep_prob": 0.8, "batch_size": 32, "adam": True,
    "learning_rate": 2e-5, "d_lr_factor": 10.0, "max_grad_norm": 1.0, "disable_l2_regularizer": True,
    "pretraining_learning_rate": 3e-3, "anneal_pretraining": True, "input_jitter": 0.4, "real_label": 0.9,
    "anchor": 1.0, "adversarial_weight": 0.05,
    # Adversarial training after this pretraining moved the measures away from those of held-out songs
    # (docs/guides/training.md); `--set max_epoch=4` enables it.
    "max_epoch": 0,
}  # fmt: skip


def continuous() -> CrnnganConfig:
    """A generator that outputs numbers, pretrained with the energy score: crnngan-classical 1.0.0."""
    return CrnnganConfig(
        recipe="continuous",
        # At 104 quarters per minute, 100 events last as long as on average in the corpus at its own tempos.
        spec=EventSpec(grid=32, pitch_low=21, pitch_high=108, bpm=104.0, time_rungs=_NOTE_VALUES),
        corpus=CorpusOptions(min_events=128),
        songlength=100,
        random_input_scale=2,
        init_scale=0.1,
        pretraining_epochs=78,
        pretraining_loss="energy",
        **_RELEASED,
    )


#: Durations in 24ths of a quarter: all up to a quarter and a sixth, then the common ones, up to four bars.
_FINE_UNITS = (*range(29), *range(30, 49, 2), 54, 60, 66, 72, 84, 96, 120, 144, 192, 288, 384)
#: Folders of the corpus that users can choose as a style.
STYLES = (
    "classical", "jazz", "bach", "handel", "haydn", "mozart", "beethoven", "schubert", "chopin", "schumann",
    "mendelssohn", "brahms", "liszt", "tchaikovsky", "rachmaninov", "debussy", "satie", "bartok", "joplin",
    "CharlieParker", "MilesDavis", "JohnColtrane",
)  # fmt: skip


def euterpe() -> CrnnganConfig:
    """The released model crnngan-euterpe: categorical outputs, conditioned on style and density."""
    return CrnnganConfig(
        recipe="euterpe",
        spec=EventSpec(
            grid=16, pitch_low=21, pitch_high=108, bpm=104.0,
            time_rungs=tuple(16 * unit for unit in _FINE_UNITS), pitch_rungs=tuple(range(128)),
        ),
        corpus=CorpusOptions(min_events=128, folders=("classical", "jazz")),
        outputs="categorical",
        styles=STYLES,
        # Every style at least a tenth as often as the commonest one: docs/studies/styles.
        style_ratio=0.1,
        pitch_sharpness=2.0,
        style_sharpness=3.0,
        # Each of the five levels has a fifth of the corpus' songs.
        density_edges=(2.9, 4.1, 5.7, 7.9),
        songlength=64,
        curriculum=False,
        pretraining_epochs=100,
        **_RELEASED,
    )  # fmt: skip


def euterpe_large() -> CrnnganConfig:
    """As `euterpe` with twice the units, trained longer: some three hours on one core."""
    return replace(
        euterpe(), recipe="euterpe-large", hidden_size_g=384, pretraining_epochs=200, pretraining_learning_rate=2e-3
    )


#: Composers with twenty pieces or more in the folder `classical` of the corpus.
_CLASSICAL_STYLES: Final = (
    "bach", "handel", "haydn", "mozart", "beethoven", "schubert", "chopin", "schumann", "mendelssohn", "brahms",
    "liszt", "tchaikovsky", "rachmaninov", "debussy", "satie", "bartok", "byrd", "corelli", "pachelbel", "vivaldi",
    "hummel", "grieg", "scriabin",
)  # fmt: skip


def classical() -> CrnnganConfig:
    """The model crnngan-classical: as `euterpe`, on the folder `classical` of the corpus."""
    return replace(
        euterpe(), recipe="classical", corpus=CorpusOptions(min_events=128), styles=_CLASSICAL_STYLES,
        density_edges=(3.5, 4.6, 6.1, 8.3),
    )  # fmt: skip


def jazz() -> CrnnganConfig:
    """The released model crnngan-jazz: as `euterpe` for jazz solos only, with smaller batches for fewer songs."""
    return replace(
        euterpe(), recipe="jazz", corpus=CorpusOptions(min_events=128, folders=("jazz",)),
        styles=("jazz", "CharlieParker", "MilesDavis", "JohnColtrane"), density_edges=(1.25, 1.45, 1.75, 2.3),
        keep_prob=0.6, batch_size=12, pretraining_epochs=120, pitch_sharpness=1.25, style_sharpness=1.0,
    )  # fmt: skip


def smoke() -> CrnnganConfig:
    """A test of the installation that takes seconds; the network learns next to nothing."""
    return CrnnganConfig(
        recipe="smoke",
        corpus=CorpusOptions(min_events=16),
        songlength=16,
        hidden_size_g=16,
        hidden_size_d=16,
        batch_size=4,
        adam=True,
        learning_rate=1e-3,
        pretraining_epochs=2,
        pretraining_loss="energy",
        max_epoch=2,
    )


def _thesis(name: str, **settings: Any) -> CrnnganConfig:
    """Return a model of the thesis: the reference's representation, SGD, squared error.

    `tones` is the number of tones per cell, `cleaned` enables all steps of the thesis' preprocessing.
    """
    tones, cleaned = settings.pop("tones", 1), settings.pop("cleaned", False)
    corpus = CorpusOptions(
        remove_noise=cleaned, correct_errors=cleaned, transpose=False, merge_unisons=False, min_events=100
    )
    spec = thesis_spec(tones) if cleaned else faithful_spec(tones)
    return CrnnganConfig(recipe=name, spec=spec, corpus=corpus, **settings)


def model6() -> CrnnganConfig:
    """Model 6 of the thesis: its defaults."""
    return _thesis("model6")


def model8() -> CrnnganConfig:
    """Model 8 of the thesis: 8 epochs of pretraining, rate 0.3, 120 units, three tones per cell."""
    return _thesis(
        "model8", tones=3, pretraining_epochs=8, learning_rate=0.3, hidden_size_g=120, hidden_size_d=120,
        batch_size=30, keep_prob=0.6,
    )  # fmt: skip


def model10() -> CrnnganConfig:
    """Model 10 of the thesis: Adam, D reinitialized, the added preprocessing, 150 units, four tones per cell."""
    return _thesis(
        "model10", tones=4, cleaned=True, pretraining_epochs=10, learning_rate=0.2, hidden_size_g=150,
        hidden_size_d=150, batch_size=30, keep_prob=0.7, init_scale=0.03, initialize_d=True, adam=True,
    )  # fmt: skip


def model10_jazz() -> CrnnganConfig:
    """Model 10′ of the thesis: Model 10 for the jazz corpus."""
    return replace(model10(), recipe="model10-jazz")


def model12() -> CrnnganConfig:
    """Model 12 of the thesis: Model 10 with rate 0.01, two tones per cell, batches of 10, keep_prob 0.3."""
    return _thesis(
        "model12", tones=2, cleaned=True, pretraining_epochs=12, learning_rate=0.01, hidden_size_g=150,
        hidden_size_d=150, batch_size=10, keep_prob=0.3, init_scale=0.001, initialize_d=True, adam=True,
    )  # fmt: skip


def paper() -> CrnnganConfig:
    """The paper's configuration (Mogren 2016): 350 units, update balancing, no feature matching."""
    return _thesis("paper", hidden_size_g=350, hidden_size_d=350)


def feature_matching() -> CrnnganConfig:
    """The paper's configuration with feature matching: G matches D's recurrent outputs."""
    return replace(paper(), recipe="feature-matching", feature_matching=True)


RECIPES: dict[str, Callable[[], CrnnganConfig]] = {
    "classical": classical, "continuous": continuous, "euterpe": euterpe, "euterpe-large": euterpe_large, "jazz": jazz,
    "smoke": smoke,
    "model6": model6, "model8": model8, "model10": model10, "model10-jazz": model10_jazz, "model12": model12,
    "paper": paper, "feature-matching": feature_matching,
}  # fmt: skip


def recipe(name: str) -> CrnnganConfig:
    """Return the recipe called `name`; raise TrainingError with all names when there is none."""
    if name not in RECIPES:
        raise TrainingError(f"there is no recipe {name!r}; the recipes are: {', '.join(sorted(RECIPES))}")
    return RECIPES[name]()
