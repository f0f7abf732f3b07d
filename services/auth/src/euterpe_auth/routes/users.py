"""Accounts over HTTP."""

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter

from euterpe_auth.dependencies import UseCasesDep
from euterpe_auth.domain.users import User
from euterpe_auth.routes.schemas import Registration, UserAnswer, utc

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])


@router.post("/users", status_code=201, summary="Register", responses=problem_responses(409, 413, 503))
async def register_user(body: Registration, use_cases: UseCasesDep) -> UserAnswer:
    """Makes an account; log in with `POST /api/v1/auth/token` next."""
    return _answer(await use_cases.users.register(body.username, body.password.get_secret_value()))


@router.get("/me", summary="Who am I", responses=problem_responses(401, 503))
async def read_me(user: CurrentUser, use_cases: UseCasesDep) -> UserAnswer:
    """The account of the access token."""
    return _answer(await use_cases.users.get(user.id))


def _answer(user: User) -> UserAnswer:
    return UserAnswer(id=user.id, username=user.username, created_at=utc(user.created_at))
