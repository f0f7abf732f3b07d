"""The settings as text: for the command line, the guide and the docstrings of recipes."""

from euterpe_training.crnngan.recipes.config import CrnnganConfig
from euterpe_training.crnngan.recipes.settings import ADDED, HYPERPARAMETERS, SWITCHES

_GROUPS = {"Hyperparameters of the thesis": HYPERPARAMETERS, "Switches of the thesis": SWITCHES, "Added": ADDED}


def settings_table() -> list[str]:
    """Return Markdown lines: every setting with its default (Model 6's), range and meaning."""
    defaults = CrnnganConfig("model6")
    lines: list[str] = []
    for title, group in _GROUPS.items():
        lines += [f"### {title}", "", "| setting | default | range | meaning |", "|---|---|---|---|"]
        for name, setting in group.items():
            lines.append(f"| {name} | {_shown(defaults.value(name))} | {setting.range} | {setting.meaning} |")
        lines.append("")
    return lines


def settings_help() -> str:
    """Return the text of `--help` below the options."""
    intro = "Settings for --set, with Model 6's defaults. `euterpe-train settings` prints this as a table."
    return "\n\n".join([intro, *_described(CrnnganConfig("model6"))])


def recipe_docstring(first: str, config: CrnnganConfig) -> str:
    """Return the docstring of a recipe: its first line, then every setting's value, meaning and range."""
    return "\n\n".join([first, *_described(config)])


def _described(config: CrnnganConfig) -> list[str]:
    parts = []
    for title, group in _GROUPS.items():
        parts.append(f"{title}:")
        for name, setting in group.items():
            limits = f"; {setting.range}" if setting.range else ""
            parts.append(f"{name}={_shown(config.value(name))}: {setting.meaning}{limits}")
    return parts


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
