"""The command `euterpe-train balance styles`."""

from pathlib import Path
from typing import Annotated

import typer

from euterpe_training.terminal import Device, Threads, console, find_device


def train_style_classifier(
    corpus: Annotated[Path, typer.Option(help="Directory with crnngan-corpus, nottingham, pop909, or some of them.")],
    run: Annotated[Path, typer.Option(help="Directory of trained networks; those it has are not trained again.")],
    out: Annotated[Path, typer.Option(help="Directory of the bundle: models/style-classifier/VERSION.")],
    version: Annotated[str, typer.Option(help="Version of the bundle.")],
    methods: Annotated[
        str, typer.Option(help="Balancing methods, comma-separated; the best one on validation pieces is released.")
    ] = "unbalanced,random-over,smote,loss:weighted,deepsmote,bagan-gp",
    at_least: Annotated[int, typer.Option(min=5, help="Minimum number of pieces of a style.")] = 10,
    epochs: Annotated[int, typer.Option(min=1, help="Maximum number of rounds.")] = 40,
    steps: Annotated[int, typer.Option(min=1, help="Steps per round.")] = 250,
    seeds: Annotated[int, typer.Option(min=1, help="Networks per balancing method.")] = 3,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train the style classifier and export it for the generator service."""
    found = find_device(device, threads)
    from euterpe_training.style_classifier.training import release

    release(corpus, run, out, version, methods.split(","), at_least, (epochs, steps), seeds, found, console)
