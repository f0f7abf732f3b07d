"""Recipes: Python functions that return a frozen configuration."""

from euterpe_training.recipes.config import CrnnganConfig
from euterpe_training.recipes.crnngan import RECIPES, recipe
from euterpe_training.recipes.settings_text import recipe_docstring

# So that help(euterpe_training.recipes.crnngan.model10) tells all that it sets, and cannot be out of date.
for _make in RECIPES.values():
    _make.__doc__ = recipe_docstring(_make.__doc__ or "", _make())

__all__ = ["RECIPES", "CrnnganConfig", "recipe"]
