"""What a run does, as a JSON file."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from euterpe_training.errors import TrainingError


class RunPlan(BaseModel):
    """Places in the store, and the arguments of `euterpe-train` for each step.

    The steps find the corpus in `DATA/corpus` and the run in `DATA/run`; the export writes the directory
    `DATA/bundles/NAME/VERSION`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: A directory, or s3://BUCKET/PREFIX.
    store: str = Field(min_length=1)
    #: Paths in the store: the corpus, the run's checkpoints, and the models, whose `candidates` the export joins.
    corpus: str = Field(min_length=1)
    run: str = Field(min_length=1)
    models: str = "models"
    train: list[str] = Field(min_length=1)
    #: Without an export, the run ends after training.
    export: list[str] = []
    #: Options of `euterpe-train evaluate`, which compares the candidate with the released version; empty: none.
    evaluate: list[str] = []
    #: Interval at which changed files of the run are uploaded.
    upload_seconds: float = Field(default=60.0, gt=0)


def read_plan(path: Path) -> RunPlan:
    """Read a plan. Raises TrainingError, naming the field that is wrong."""
    try:
        return RunPlan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrainingError(f"the plan {path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise TrainingError(f"the plan {path} is not valid at {where}: {first['msg']}") from error
