"""The commands `euterpe-train promote`, `rollback` and `versions`."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from euterpe_music.catalogue import CANDIDATES

from euterpe_training.releases.promotion import EVALUATION_FILE, list_versions, roll_back
from euterpe_training.releases.promotion import promote as promote_version
from euterpe_training.storage import Folder, open_folder
from euterpe_training.terminal import console

ModelsUrl = Annotated[
    str,
    typer.Option("--models", envvar="EUTERPE_MODELS_URL", help="Directory of bundles, or s3://BUCKET/PREFIX."),
]
Name = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[str, typer.Argument(help="Version of the bundle.")]


def promote(
    name: Name,
    version: Version,
    share: Annotated[
        float, typer.Option(min=0.01, max=100, help="Percentage of the requests for the model that it composes.")
    ] = 100.0,
    models: ModelsUrl = "models",
) -> None:
    """Release a candidate, or change the share of a released version. Generators load it without a restart."""
    folder = open_folder(models)
    _print_evaluation(folder, name, version)
    _print_shares(name, promote_version(folder, name, version, share))


def rollback(name: Name, version: Version, models: ModelsUrl = "models") -> None:
    """Give a released version no more requests; the other versions of the model compose them."""
    _print_shares(name, roll_back(open_folder(models), name, version))


def versions(name: Name, models: ModelsUrl = "models") -> None:
    """List the released versions of a model with their shares, and its candidates with their evaluations."""
    folder = open_folder(models)
    found = list_versions(folder, name)
    _print_shares(name, found.released)
    for version in found.candidates:
        typer.echo(f"{name} {version}: candidate")
        _print_evaluation(folder, name, version)


def _print_shares(name: str, shares: Mapping[str, float]) -> None:
    for version, percent in shares.items():
        typer.echo(f"{name} {version}: {percent:g} %")


def _print_evaluation(models: Folder, name: str, version: str) -> None:
    try:
        reports: dict[str, Any] = json.loads(models.read(f"{CANDIDATES}/{name}/{version}/{EVALUATION_FILE}"))
    except FileNotFoundError:
        console.print(f"{name} {version} has no evaluation", highlight=False)
        return
    for key, report in reports.items():
        if "overlap_area" in report:
            overlap, ceiling = report["overlap_area"], report["overlap_area_ceiling"]
            typer.echo(f"{key}: overlap area {overlap:.3f}, of held-out pieces {ceiling:.3f}")
    from euterpe_training.evaluation.music_table import summary_table

    if music := {key: report for key, report in reports.items() if "music" in report}:
        typer.echo("\n".join(summary_table(music)))
