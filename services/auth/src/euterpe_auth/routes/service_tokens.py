"""`/api/v1/auth/service-token`: service tokens."""

from typing import Annotated

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter, Depends, Form, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from euterpe_auth.dependencies import UseCasesDep
from euterpe_auth.errors import InvalidClient
from euterpe_auth.routes.schemas import ClientForm, ServiceTokenAnswer, service_token_answer

router = APIRouter(prefix="/api/v1/auth", tags=["services"])

_basic = HTTPBasic(auto_error=False, scheme_name="ServiceClient", description="Client id and secret of a service.")


# Not in the OpenAPI document: it is for peers, and the gateway blocks it.
@router.post("/service-token", include_in_schema=False, responses=problem_responses(401, 413, 503))
async def create_service_token(
    form: Annotated[ClientForm, Form()],  # noqa: ARG001 - validated by being declared
    credentials: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
    response: Response,
    use_cases: UseCasesDep,
) -> ServiceTokenAnswer:
    """Returns a service token for calls to peers (OAuth 2.0 client credentials grant)."""
    if credentials is None:
        raise InvalidClient
    response.headers["Cache-Control"] = "no-store"
    return service_token_answer(await use_cases.clients.token(credentials.username, credentials.password))
