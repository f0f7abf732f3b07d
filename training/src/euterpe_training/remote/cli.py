"""The command `euterpe-train run`."""

from pathlib import Path
from typing import Annotated

import typer

from euterpe_training.terminal import console


def run(
    plan: Annotated[Path, typer.Argument(help="JSON file: store, corpus, run, and arguments of each step.")],
    data: Annotated[Path, typer.Option(help="Local directory for corpus, run and bundles.")] = Path("/data"),
    metrics_port: Annotated[int, typer.Option(min=0, help="Port of /metrics; 0: none.")] = 0,
) -> None:
    """Train with a corpus from a bucket, keep checkpoints there, and publish the bundle as a candidate.

    The same command continues a run that was stopped, on any machine.
    """
    from euterpe_training.remote.plan import read_plan
    from euterpe_training.remote.run import RemoteRun

    remote = RemoteRun(read_plan(plan), data, lambda text: console.print(text, highlight=False))
    if metrics_port:
        remote.metrics.serve(metrics_port)
    raise typer.Exit(remote.run())
