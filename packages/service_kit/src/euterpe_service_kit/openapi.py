"""The OpenAPI document as a product: readable operation ids and problem details instead of FastAPI's own 422."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from euterpe_service_kit.problems import Problem, problem_responses

#: FastAPI's server-sent events describe their items with `itemSchema`, which OpenAPI 3.2 introduced.
OPENAPI_VERSION = "3.2.0"


def operation_id(route: APIRoute) -> str:
    """Operation ids are the handler's name: stable, and readable in generated clients."""
    return route.name


def install_openapi(app: FastAPI) -> None:
    """Replaces the app's document generator."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        openapi_version=OPENAPI_VERSION,
        routes=app.routes,
    )
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    _document_malformed_bodies(schema)
    return schema


def _document_malformed_bodies(schema: dict[str, Any]) -> None:
    # A body that is no JSON at all, because its bytes are no UTF-8, or no form, gets as far as no route.
    malformed = problem_responses(400)[400]
    for methods in schema.get("paths", {}).values():
        for operation in methods.values():
            if "requestBody" in operation:
                operation["responses"].setdefault("400", malformed)
