"""The generator, discriminator, pretraining task and optimizers of a configuration."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.models.categorical import CategoricalGenerator
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.crnngan.models.controls import Controls
from euterpe_training.crnngan.models.crnngan import Discriminator, Generator
from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.trainer.pretraining import Likelihood, Pretraining, Songs, TeacherForcing
from euterpe_training.crnngan.trainer.process_group import ProcessGroup


def make_generator(config: CrnnganConfig) -> Generator | CategoricalGenerator:
    """Return the generator of a configuration."""
    if config.outputs == "categorical":
        classes, controls = EventClasses(config.spec), Controls(config.styles, config.density_edges)
        return CategoricalGenerator(classes, config.hidden_size_g, config.num_layers, controls.size)
    return Generator(
        config.spec.features, config.noise_size, config.hidden_size_g, config.num_layers, config.init_scale,
        not config.disable_feed_previous, config.biscale_slow_layer_ticks if config.multiscale else 0,
    )  # fmt: skip


def make_discriminator(config: CrnnganConfig, composers: int) -> Discriminator:
    """Return the discriminator; with generate_meta its input also has a one-hot of `composers` composers."""
    return Discriminator(
        config.spec.features + (composers if config.generate_meta else 0), config.hidden_size_d, config.num_layers,
        config.keep_prob, config.init_scale, config.unidirectional_d, config.end_classification, config.minibatch_d,
    )  # fmt: skip


def make_pretraining(
    config: CrnnganConfig, corpus: Corpus, g: Generator | CategoricalGenerator, steps: Tensor, songs: Songs,
    group: ProcessGroup,
) -> Pretraining:  # fmt: skip
    """Return the pretraining task of the generator `g` on the songs with the indices `songs`."""
    if isinstance(g, CategoricalGenerator):
        return Likelihood(config, corpus, Controls(config.styles, config.density_edges), g, songs, group)
    return TeacherForcing(config, corpus, g, steps, group)


def make_optimizer(config: CrnnganConfig, modules: Iterable[nn.Module], rate: float) -> torch.optim.Optimizer:
    """Return Adam or plain gradient descent over the weights of `modules`."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    kind: type[torch.optim.Optimizer] = torch.optim.Adam if config.adam else torch.optim.SGD
    return kind(parameters, lr=rate, fused=True)  # type: ignore[call-arg]
