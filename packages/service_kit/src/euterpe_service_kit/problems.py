"""RFC 9457 problem details for every error response, including those of FastAPI."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from euterpe_service_kit.database import is_unavailable
from euterpe_service_kit.errors import FieldProblem, ServiceError, Unavailable, Unprocessable
from euterpe_service_kit.request_context import request_id

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One wrong field of a request."""

    field: str = Field(examples=["body.length"])
    message: str = Field(examples=["Input should be less than or equal to 1000"])
    limits: dict[str, Any] | None = Field(default=None, examples=[{"le": 1000}])


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no song with this id."])
    instance: str | None = Field(default=None, examples=["/api/v1/songs/0199"])
    request_id: str | None = Field(default=None, examples=["5f0c2b7e9d1a4c53"])
    errors: list[FieldError] | None = None
    limits: dict[str, int] | None = Field(
        default=None,
        examples=[{"pieces": 5000, "remaining": 0}],
        description="The limit that the request exceeds, and what remains of it.",
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of the error statuses that an operation documents."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem_response(request: Request, error: ServiceError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return a response with the problem details of an error."""
    body: dict[str, Any] = {
        "type": f"/problems/{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.url.path,
        "request_id": request_id(),
    }
    if error.fields:
        body["errors"] = [field.as_dict() for field in error.fields]
    if error.limits:
        body["limits"] = error.limits
    all_headers = {**error.headers, **(headers or {})}
    if error.retry_after_seconds is not None:
        all_headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:
        all_headers.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(body, status_code=error.status, media_type=MEDIA_TYPE, headers=all_headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Install handlers that turn all errors, including those of FastAPI and the database, into problems."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    for kind in (SQLAlchemyError, asyncpg.PostgresError, OSError):
        app.add_exception_handler(kind, _dependency_error)
    app.add_exception_handler(Exception, unexpected_error)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    return problem_response(request, error)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [_field_problem(item) for item in error.errors()]
    detail = "; ".join(f"{field.field}: {field.message}" for field in fields[:3])
    return problem_response(request, Unprocessable(detail, fields=fields))


def _field_problem(item: Mapping[str, Any]) -> FieldProblem:
    # `ctx` may contain exceptions, and input must not be returned, as it may be secret: only limits are kept.
    limits = {key: value for key, value in item.get("ctx", {}).items() if isinstance(value, int | float | str)}
    return FieldProblem(".".join(str(part) for part in item["loc"]), str(item["msg"]), limits)


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    wrapped = ServiceError(str(error.detail))
    wrapped.status = error.status_code
    wrapped.slug = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return problem_response(request, wrapped, error.headers)


async def _dependency_error(request: Request, error: Exception) -> JSONResponse:
    if not is_unavailable(error):
        return await unexpected_error(request, error)
    log.warning("dependency_unavailable", error=repr(error))
    return problem_response(request, Unavailable("A dependency of this service does not respond. Try again shortly."))


async def unexpected_error(request: Request, error: Exception) -> JSONResponse:
    """Log an unexpected error and return a 500 response without its details."""
    log.error("unexpected_error", exc_info=error)
    return problem_response(request, ServiceError("Something went wrong on our side. It has been logged."))
