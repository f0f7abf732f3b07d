"""`/api/v1/models`: what can compose here."""

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter

from euterpe_generator.dependencies import CatalogueDep
from euterpe_generator.routes.schemas import ModelList, ModelView

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", summary="List the models", responses=problem_responses(503))
async def list_models(catalogue: CatalogueDep) -> ModelList:
    """The models that are loaded, with the limits of their parameters."""
    default = catalogue.default
    return ModelList(items=[ModelView.of(model, default=model is default) for model in catalogue.models])
