"""`/api/v1/models`: the models that generations can use."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Path, Query, Response

from euterpe_generator.dependencies import CatalogueDep
from euterpe_generator.errors import SampleNotFound
from euterpe_generator.routes.description_schemas import DescriptionRequest, InterpretationView
from euterpe_generator.routes.schemas import ModelCard, ModelList, ModelView
from euterpe_generator.services.descriptions import interpret_description

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", summary="List models", responses=problem_responses(503))
async def list_models(catalogue: CatalogueDep) -> ModelList:
    """List the loaded models with the limits of their parameters."""
    default, shares = catalogue.default, catalogue.shares()
    views = [ModelView.of(model, default=model is default, share=shares[model.key]) for model in catalogue.models]
    return ModelList(items=views)


@router.post("/interpretations", summary="Interpret a description", responses=problem_responses(422, 503))
async def interpret_piece_description(body: DescriptionRequest, catalogue: CatalogueDep) -> InterpretationView:
    """Turn a description such as "a sad waltz for strings in D minor, 40 seconds" into a generation request.

    English and Spanish are understood, by a documented vocabulary. Nothing is composed or stored.
    """
    return InterpretationView.of(interpret_description(body.text, catalogue, body.model))


ModelName = Annotated[
    str, Path(max_length=100, description="`name`, or `name@version`.", examples=["crnngan-classical"])
]


@router.get("/{name}", summary="Get a model", responses=problem_responses(404, 422, 503))
async def get_model(
    name: ModelName,
    catalogue: CatalogueDep,
) -> ModelCard:
    """Get the description of a model, its parameters, its terms of use and the measures of its music."""
    model = catalogue.get(name)
    share = catalogue.shares().get(model.key, 0.0)
    return ModelCard.of(model, default=model is catalogue.default, share=share)


SampleStyle = Annotated[
    str | None,
    Query(
        max_length=100,
        description="One of the model's `sample_styles`; by default the piece has the model's default settings.",
        examples=["folk/waltz"],
    ),
]


@router.get(
    "/{name}/sample",
    summary="Download a model's sample",
    response_class=Response,
    responses={
        200: {"description": "The MIDI file.", "content": {"audio/midi": {}}},
        **problem_responses(404, 422, 503),
    },
)
async def get_model_sample(name: ModelName, catalogue: CatalogueDep, style: SampleStyle = None) -> Response:
    """Download a short piece composed by the model, as MIDI. It is part of the bundle and fixed for a version."""
    samples = catalogue.get(name).samples
    sample = samples.default if style is None else samples.by_style.get(style)
    if sample is None:
        raise SampleNotFound
    return Response(sample, media_type="audio/midi", headers={"Cache-Control": "public, max-age=3600"})
