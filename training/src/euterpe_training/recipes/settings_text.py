"""The settings for readers: on the command line and in the guide."""

from euterpe_training.recipes.config import CrnnganConfig
from euterpe_training.recipes.settings import ADDED, HYPERPARAMETERS, SWITCHES

_GROUPS = {"Hyperparameters of the thesis": HYPERPARAMETERS, "Switches of the thesis": SWITCHES, "Added": ADDED}


def settings_table() -> list[str]:
    """Markdown: every setting with its default (Model 6's), range and meaning."""
    defaults = CrnnganConfig("model6")
    lines: list[str] = []
    for title, group in _GROUPS.items():
        lines += [f"### {title}", "", "| setting | default | range | meaning |", "|---|---|---|---|"]
        for name, setting in group.items():
            lines.append(f"| {name} | {_shown(defaults.value(name))} | {setting.range} | {setting.meaning} |")
        lines.append("")
    return lines


def settings_help() -> str:
    """What `--help` says below the options."""
    defaults = CrnnganConfig("model6")
    parts = ["What --set takes, with Model 6's defaults. `euterpe-train settings` prints this as a table."]
    for title, group in _GROUPS.items():
        parts.append(f"{title}:")
        for name, setting in group.items():
            limits = f"; {setting.range}" if setting.range else ""
            parts.append(f"{name}={_shown(defaults.value(name))}: {setting.meaning}{limits}")
    return "\n\n".join(parts)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
