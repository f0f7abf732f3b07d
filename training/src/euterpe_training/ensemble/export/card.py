"""The model card of an ensemble bundle, in Markdown."""

from typing import Any

from euterpe_music.ensemble_manifest import EnsembleManifest

from euterpe_training.ensemble.corpora.sources import SOURCES


def ensemble_card(manifest: EnsembleManifest, pieces: dict[str, int]) -> str:
    """Return the text of card.md; `pieces` are the training pieces of each source."""
    metrics = manifest.training.metrics if manifest.training else {}
    size = sum(info.bytes for info in manifest.files) / 1e6
    licences = {source.name: source.licence for source in SOURCES}
    summary = (
        f"One network of {metrics.get('weights', 0) / 1e6:.1f} million weights, trained on "
        f"{metrics.get('events', 0) / 1e6:.1f} million events; {size:.1f} MB, the default variant is "
        f"`{manifest.variant}`. It follows: {', '.join(manifest.conditions)}."
    )
    lines = [
        f"# {manifest.title}",
        "",
        f"`{manifest.name}` {manifest.version}, {manifest.licence}. {manifest.description}".rstrip(),
        "",
        summary,
        "",
        "## Terms",
        "",
        manifest.terms,
        "",
        "| source | pieces | licence |",
        "|---|---:|---|",
        *(f"| {name} | {count:,} | {licences.get(name, 'unknown')} |" for name, count in sorted(pieces.items())),
        "",
        *_losses(metrics.get("held_out", {})),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _losses(losses: dict[str, dict[str, Any]]) -> list[str]:
    if not losses:
        return []
    columns = list(next(iter(losses.values())))
    rows = [
        f"| {name} | {' | '.join(f'{values[column]:.3f}' for column in columns)} |" for name, values in losses.items()
    ]
    return [
        "## Held-out loss",
        "",
        "In nats per predicted value, on held-out works.",
        "",
        f"| source | {' | '.join(column.replace('_', ' ') for column in columns)} |",
        f"|---|{'---:|' * len(columns)}",
        *rows,
    ]
