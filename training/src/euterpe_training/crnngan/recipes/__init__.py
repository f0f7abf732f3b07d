"""Recipes: named functions that return a frozen configuration."""

from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.recipes.recipes import RECIPES, recipe
from euterpe_training.crnngan.recipes.settings_table import recipe_docstring

# help(euterpe_training.crnngan.recipes.recipes.model10) then lists all its settings, and is always up to date.
for _make in RECIPES.values():
    _make.__doc__ = recipe_docstring(_make.__doc__ or "", _make())

__all__ = ["RECIPES", "CrnnganConfig", "recipe"]
