"""The command `euterpe-train`: the commands of all families."""

import sys

import typer

from euterpe_training.balancing.cli import balance_app, balancing_table, report_balancing, study_balancing
from euterpe_training.comparison.cli import evaluate, evaluation_app
from euterpe_training.crnngan.adversarial.cli import adversarial_app
from euterpe_training.crnngan.cli import crnngan, export, int8, recipes, settings
from euterpe_training.crnngan.recipes.settings_table import settings_help
from euterpe_training.crnngan.studies.cli import study_crnngan, study_styles
from euterpe_training.ensemble.cli import ensemble_app
from euterpe_training.errors import TrainingError
from euterpe_training.melody.cli import melody_app, study_melody
from euterpe_training.releases.cli import promote, rollback, versions
from euterpe_training.remote.cli import run
from euterpe_training.style_classifier.cli import train_style_classifier
from euterpe_training.terminal import console

_INTERRUPTED = 130

app = typer.Typer(help="Train the models of Euterpe.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command(epilog=settings_help())(crnngan)
for _command in (settings, export, evaluate, int8, recipes, run, promote, rollback, versions):
    app.command()(_command)
app.add_typer(adversarial_app, name="adversarial")
app.add_typer(balance_app, name="balance")
balance_app.command("styles")(train_style_classifier)
app.add_typer(melody_app, name="melody")
app.add_typer(ensemble_app, name="ensemble")
app.add_typer(evaluation_app, name="evaluation")
study_app = typer.Typer(help="Studies: comparisons of models, with reports.", no_args_is_help=True)
study_app.command("balancing")(study_balancing)
study_app.command("balancing-report")(report_balancing)
study_app.command("balancing-table")(balancing_table)
study_app.command("melody")(study_melody)
study_app.command("crnngan")(study_crnngan)
study_app.command("styles")(study_styles)
app.add_typer(study_app, name="study")


def main() -> None:
    """Run the command; report errors that the user can correct in one sentence, with exit status 2."""
    try:
        app()
    except TrainingError as error:
        console.print(f"[red]error:[/red] {error}", highlight=False)
        sys.exit(2)
    except SystemExit as leaving:
        # Typer turns Ctrl-C into this status without a message.
        if leaving.code == _INTERRUPTED:
            console.print("stopped; continue runs with --resume, studies and searches with the same command")
        raise


if __name__ == "__main__":
    main()
