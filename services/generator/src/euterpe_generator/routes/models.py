"""`/api/v1/models`: what can compose here."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Path

from euterpe_generator.dependencies import CatalogueDep
from euterpe_generator.routes.schemas import ModelList, ModelView

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", summary="List the models", responses=problem_responses(503))
async def list_models(catalogue: CatalogueDep) -> ModelList:
    """The models that are loaded, with the limits of their parameters."""
    default = catalogue.default
    return ModelList(items=[ModelView.of(model, default=model is default) for model in catalogue.models])


@router.get("/{name}", summary="Look at a model", responses=problem_responses(404, 422, 503))
async def get_model(
    name: Annotated[
        str, Path(max_length=100, description="`name`, or `name@version`.", examples=["crnngan-classical"])
    ],
    catalogue: CatalogueDep,
) -> ModelView:
    """What the model is, and what a listener may set of it."""
    model = catalogue.get(name)
    return ModelView.of(model, default=model is catalogue.default)
