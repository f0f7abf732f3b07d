import json

import pytest
from euterpe_training.errors import TrainingError
from euterpe_training.recipes import RECIPES, CrnnganConfig, recipe


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_survives_json_and_is_called_by_its_name(name: str) -> None:
    config = recipe(name)
    assert config.recipe == name
    assert CrnnganConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(TrainingError, match="classical"):
        recipe("polka")


def test_settings_are_changed_by_name_with_their_own_type() -> None:
    config = recipe("smoke").changed(["batch_size=7", "learning_rate=0.5", "minibatch_d=true", "optimizer=sgd"])
    assert (config.batch_size, config.learning_rate, config.minibatch_d, config.optimizer) == (7, 0.5, True, "sgd")


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("batch_size=x", "batch_size"),
        ("minibatch_d=1", "minibatch_d"),
        ("batch_size", "NAME=VALUE"),
        ("tempo=3", "tempo"),
        ("spec=1", "spec"),
        ("batch_size=0", "more than 0"),
        ("keep_prob=0", "keep_prob"),
        ("max_epoch=-1", "max_epoch"),
        ("optimizer=lion", "sgd, adam"),
        ("songlength=5000", "min_events"),
    ],
)
def test_settings_that_cannot_be_are_named(assignment: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        recipe("smoke").changed([assignment])
