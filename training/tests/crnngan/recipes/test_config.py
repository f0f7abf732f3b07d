import json
from pathlib import Path

import pytest
from euterpe_training.crnngan.recipes import RECIPES, CrnnganConfig, recipe
from euterpe_training.crnngan.recipes.settings import ALL
from euterpe_training.crnngan.recipes.settings_table import settings_help
from euterpe_training.errors import TrainingError


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_survives_json_and_is_called_by_its_name(name: str) -> None:
    config = recipe(name)
    assert config.recipe == name
    assert CrnnganConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(TrainingError, match="classical"):
        recipe("polka")


def test_settings_are_changed_by_name_with_their_own_type() -> None:
    config = recipe("smoke").changed(["batch_size=7", "learning_rate=0.5", "minibatch_d=true", "adam=false"])
    assert (config.batch_size, config.learning_rate, config.minibatch_d, config.adam) == (7, 0.5, True, False)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("batch_size=x", "batch_size"),
        ("minibatch_d=1", "minibatch_d"),
        ("batch_size", "NAME=VALUE"),
        ("tempo=3", "tempo"),
        ("spec=1", "spec"),
        ("batch_size=0", "1 or more"),
        ("keep_prob=0", "keep_prob"),
        ("max_epoch=-1", "max_epoch"),
        ("outputs=paper", "continuous, categorical"),
        ("songlength=1", "2 or more"),
        ("select_test_percentage=90", "no songs to train on"),
        ("tones_per_cell=0", "tones_per_cell"),
        ("representation=paper", "faithful"),
        ("songlength=5000", "min_events"),
    ],
)
def test_invalid_settings_are_reported(assignment: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        recipe("smoke").changed([assignment])


#: The table of references.md §1.
THESIS = {
    "model6": (6, 0.1, 100, 1, 20, 0.5, 0.05, False, False),
    "model8": (8, 0.3, 120, 3, 30, 0.6, 0.05, False, False),
    "model10": (10, 0.2, 150, 4, 30, 0.7, 0.03, True, True),
    "model10-jazz": (10, 0.2, 150, 4, 30, 0.7, 0.03, True, True),
    "model12": (12, 0.01, 150, 2, 10, 0.3, 0.001, True, True),
}


@pytest.mark.parametrize("name", sorted(THESIS))
def test_the_thesis_models_have_the_thesis_numbers(name: str) -> None:
    config = recipe(name)
    found = (
        config.pretraining_epochs, config.learning_rate, config.hidden_size_g, config.spec.tones_per_cell,
        config.batch_size, config.keep_prob, config.init_scale, config.adam, config.value("preprocess"),
    )  # fmt: skip
    assert found == THESIS[name]
    assert config.hidden_size_d == config.hidden_size_g
    assert config.initialize_d == config.adam
    assert config.spec.representation == ("thesis" if config.adam else "faithful")


def test_every_setting_is_in_the_help_and_in_the_guide() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "guides" / "training.md").read_text(encoding="utf-8")
    text = settings_help()
    for name in ALL:
        assert f"{name}=" in text
        assert f"\n{name}=" in (RECIPES["model10"].__doc__ or "")
        assert f"| {name} |" in guide, f"docs/guides/training.md lacks {name}: see `euterpe-train settings`"


def test_the_classical_model_has_the_controls_of_the_default_model() -> None:
    found, default = recipe("classical"), recipe("euterpe")
    assert (found.outputs, found.spec, len(found.density_edges)) == ("categorical", default.spec, 4)
    assert {"bach", "chopin", "debussy"} < set(found.styles)


def test_hidden_size_sets_both_sides_and_tones_the_representation() -> None:
    config = recipe("model6").changed(["hidden_size=33", "tones_per_cell=3", "composer=bach"])
    assert (config.hidden_size_g, config.hidden_size_d) == (33, 33)
    assert config.spec.features == 10
    assert config.corpus.composer == "bach"


def test_the_steps_of_preprocessing_are_switched_one_by_one_or_together() -> None:
    def steps(config: CrnnganConfig) -> tuple[str, bool, bool]:
        return config.spec.representation, config.corpus.remove_noise, config.corpus.correct_errors

    none = recipe("model10").changed(["preprocess=false"])
    assert steps(none) == ("faithful", False, False)
    assert steps(none.changed(["normalize_data=true"])) == ("thesis", False, False)
    assert steps(none.changed(["remove_noise=true", "correct_errors=true"])) == ("faithful", True, True)
    assert none.changed(["preprocess=true"]) == recipe("model10")
    assert steps(recipe("classical").changed(["preprocess=false"])) == ("normalised", False, False)
    with pytest.raises(TrainingError, match="representation"):
        recipe("classical").changed(["normalize_data=false"])


def test_older_configurations_are_read() -> None:
    old = {key: value for key, value in recipe("classical").to_dict().items() if key != "adam"}
    assert CrnnganConfig.from_dict({**old, "optimizer": "adam"}) == recipe("classical")
    corpus = {key: value for key, value in old["corpus"].items() if key not in ("remove_noise", "correct_errors")}
    read = CrnnganConfig.from_dict({**recipe("model6").to_dict(), "corpus": {**corpus, "preprocess": False}})
    assert (read.corpus.remove_noise, read.corpus.correct_errors) == (False, False)
