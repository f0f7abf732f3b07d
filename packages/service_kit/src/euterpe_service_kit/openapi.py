"""Customizes the OpenAPI document: readable operation ids, and problem details instead of FastAPI's own 422."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from euterpe_service_kit.problems import Problem, problem_responses
from euterpe_service_kit.security import LOGIN_NEEDED

#: The newest version that client generators and linters support.
OPENAPI_VERSION = "3.1.1"

_HEADERS: dict[str, Any] = {
    "RateLimitPolicy": {
        "description": "How many requests (q) in how many seconds (w) each limit allows.",
        "schema": {"type": "string", "examples": ['"address";q=12000;w=60, "token";q=1200;w=60']},
    },
    "RateLimit": {
        "description": "How many requests remain (r) under each limit, and after how many seconds (t) all are back.",
        "schema": {"type": "string", "examples": ['"address";r=11999;t=1, "token";r=1199;t=1']},
    },
    "RetryAfter": {
        "description": "After how many seconds to try again.",
        "schema": {"type": "integer", "minimum": 1, "examples": [2]},
    },
}
_LIMITS = {
    "RateLimit-Policy": {"$ref": "#/components/headers/RateLimitPolicy"},
    "RateLimit": {"$ref": "#/components/headers/RateLimit"},
}
_RETRY = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}


def operation_id(route: APIRoute) -> str:
    """Return the handler's name as operation id, which is stable and readable in generated clients."""
    return route.name


def install_openapi(app: FastAPI) -> None:
    """Replace the document generator of the app."""

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
        tags=app.openapi_tags,
        openapi_version=OPENAPI_VERSION,
        routes=app.routes,
    )
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    schema["components"]["headers"] = _HEADERS
    schema["components"].get("securitySchemes", {}).pop(LOGIN_NEEDED, None)
    for methods in schema.get("paths", {}).values():
        for operation in methods.values():
            _document_malformed_body(operation)
            _drop_impossible_refusal(operation)
            _document_rate_limit(operation)
            _document_login(operation)
            _document_empty_answers(operation)
            _describe_events(operation)
    return schema


def _document_malformed_body(operation: dict[str, Any]) -> None:
    # A body that is not UTF-8, JSON or a form is refused with 400 before the route is called.
    if "requestBody" in operation:
        operation["responses"].setdefault("400", problem_responses(400)[400])


def _drop_impossible_refusal(operation: dict[str, Any]) -> None:
    # Without parameters and body there is nothing to validate.
    if "requestBody" not in operation and not operation.get("parameters"):
        operation["responses"].pop("422", None)


def _document_rate_limit(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.setdefault("429", problem_responses(429)[429])
    for status, response in responses.items():
        own = response.get("headers", {})
        retry = _RETRY if status in ("429", "503") else {}
        limits = _LIMITS if status == "429" or status.startswith("2") else {}
        if headers := own | limits | retry:
            response["headers"] = headers
    operation["responses"] = dict(sorted(responses.items()))


def _document_login(operation: dict[str, Any]) -> None:
    # FastAPI does not distinguish a required login from an optional one; an empty requirement marks the optional.
    needed = operation.get("security", [])
    schemes = [item for item in needed if LOGIN_NEEDED not in item]
    operation["security"] = schemes if len(schemes) < len(needed) else [*([{}] if schemes else []), *schemes]


def _document_empty_answers(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            if content.get("schema") == {}:
                content["schema"] = {"type": "null"}


def _describe_events(operation: dict[str, Any]) -> None:
    # FastAPI describes the events of a stream with `itemSchema`, which 3.2 introduced; with 3.1, `schema` does that.
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            if "itemSchema" in content:
                content["schema"] = content.pop("itemSchema") | {"description": "Each of the server-sent events."}
