"""Recipes: Python functions that return a frozen configuration."""

from euterpe_training.recipes.config import CrnnganConfig
from euterpe_training.recipes.crnngan import RECIPES, recipe

__all__ = ["RECIPES", "CrnnganConfig", "recipe"]
