"""What every setting means and may be: the tables of references.md §1, for `--help`, the guide and the checks."""

from dataclasses import dataclass
from typing import Final

_ANY: Final = float("inf")


@dataclass(frozen=True)
class Setting:
    """One setting: what it means, and the range of numbers (`above` excludes the lower end)."""

    meaning: str
    low: float = -_ANY
    high: float = _ANY
    above: bool = False

    def allows(self, value: float) -> bool:
        """Whether a number is in the range."""
        return self.low <= value <= self.high and not (self.above and value == self.low)

    @property
    def range(self) -> str:
        """The range in words; empty where there is none."""
        if self.low == -_ANY:
            return ""
        least = f"more than {self.low:g}" if self.above else f"{self.low:g} or more"
        return least if self.high == _ANY else f"{least}, up to {self.high:g}"


def _size(meaning: str, low: float = 1) -> Setting:
    return Setting(meaning, low)


def _positive(meaning: str) -> Setting:
    return Setting(meaning, 0, above=True)


#: The hyperparameters of the thesis, under its names.
HYPERPARAMETERS: Final[dict[str, Setting]] = {
    "learning_rate": _positive("rate of G in the game (and in pretraining, unless pretraining_learning_rate is set)"),
    "max_grad_norm": _positive("gradients are scaled down to this global norm"),
    "num_layers": Setting("LSTM layers of G and of D", 1, 16),
    "songlength": _size("events of a training window", 2),
    "hidden_size": _size("units per layer of G and D; sets both of the following"),
    "hidden_size_g": _size("units per layer of G"),
    "hidden_size_d": _size("units per layer and direction of D"),
    "epochs_before_decay": _size("epochs at the full learning rate", 0),
    "max_epoch": _size("adversarial epochs after pretraining", 0),
    "keep_prob": Setting("share of D's inputs that dropout keeps", 0, 1, above=True),
    "lr_decay": Setting("factor on the learning rate per epoch after epochs_before_decay", 0, 1, above=True),
    "batch_size": _size("windows per batch"),
    "init_scale": _positive("weights begin uniformly in ± this"),
    "epochs_per_checkpoint": _size("epochs between two checkpoints"),
    "pretraining_epochs": _size("epochs of G alone, before the game", 0),
    "d_lr_factor": _positive("D's rate over G's"),
    "meta_layer_size": _size("units of the layer from which generate_meta draws a composer"),
    "biscale_slow_layer_ticks": _size("events per step of the slow layer of multiscale", 2),
    "tones_per_cell": Setting("tones with one onset that share an event", 1, 64),
    "reg_scale": _size("factor on the L2 regularisation of 0.1", 0),
    "exit_after": _positive("minutes after which training stops in order, at the end of an epoch"),
    "call_after": Setting("command that is run when training has ended"),
    "select_validation_percentage": Setting("percent of the songs that validate", 0, 90),
    "select_test_percentage": Setting("percent of the songs that test", 0, 90),
    "works_per_composer": _size("songs that are used of each composer at most; 0 for all", 0),
    "composer": Setting("the only composer whose songs are used; empty for all"),
    "random_input_scale": _size("noise per step, in units of four draws"),
}
#: The switches of the thesis, all off by default.
SWITCHES: Final[dict[str, Setting]] = {
    "sample": Setting("write MIDI files of the run in --out instead of training"),
    "disable_feed_previous": Setting("G does not hear its previous event"),
    "multiscale": Setting("G has a second, slow LSTM beside the others, a step of which lasts several events"),
    "pretraining_d": Setting("D learns in the epochs of pretraining, too"),
    "initialize_d": Setting("D begins the game anew, whatever it learned before"),
    "ignore_saved_args": Setting("--resume takes the settings of the command line, not those of the checkpoint"),
    "pace_events": Setting("a silent event at every quarter without an onset"),
    "minibatch_d": Setting("D sees how alike the songs of a batch are (25 kernels of 10)"),
    "unidirectional_d": Setting("D reads forwards only"),
    "profiling": Setting("profile the first epoch into profile.json, in Chrome's trace format"),
    "float16": Setting("mixed precision: bfloat16 on CPUs"),
    "adam": Setting("Adam instead of plain gradient descent"),
    "feature_matching": Setting("G matches D's recurrent outputs on real music instead of deceiving D"),
    "disable_l2_regularizer": Setting("no L2 regularisation"),
    "synthetic_chords": Setting("train on made-up triads instead of the corpus' songs"),
    "generate_meta": Setting("G draws a composer for each song, and D judges song and composer together"),
    "end_classification": Setting("D judges by the first and the last step only"),
    "log_device_placement": Setting("print on which device every weight lies"),
}
#: Ours.
ADDED: Final[dict[str, Setting]] = {
    "seed": _size("decides every random choice", 0),
    "outputs": Setting("continuous: G says numbers; categorical: G states distributions, and noise draws from them"),
    "style_ratio": Setting("categorical pretraining: windows of each style, as a share of the commonest's", 0, 1),
    "pitch_sharpness": _positive("what an exported categorical generator multiplies its logits of pitch by"),
    "style_sharpness": _positive(
        "how far an exported categorical generator goes from no style towards the one asked for"
    ),
    "pretraining_loss": Setting("squared: the thesis'; energy: the energy score, which learns distributions"),
    "pretraining_learning_rate": _positive("rate of G in pretraining"),
    "anneal_pretraining": Setting("lower the rate of pretraining along a cosine to a hundredth"),
    "curriculum": Setting("pretraining begins with windows of four events, and each epoch's are four longer"),
    "input_jitter": _size("blurs the real past, and all that D sees, by up to this share of a ladder's step", 0),
    "freezing": Setting("who is far ahead in the game rests"),
    "real_label": Setting("D's target for real music", 0.5, 1),
    "anchor": _size("weight of the pretraining loss in G's loss in the game", 0),
    "adversarial_weight": _size("weight of the adversarial term in G's loss", 0),
    "preprocess": Setting("the thesis' preprocessing: normalise, remove noise, correct errors"),
    "min_events": _size("events that a song must have to be used", 2),
}
ALL: Final = {**HYPERPARAMETERS, **SWITCHES, **ADDED}
