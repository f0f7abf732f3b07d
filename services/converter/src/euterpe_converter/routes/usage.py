"""`/api/v1/audio/usage`: how much audio was rendered for a user."""

from euterpe_service_kit.problems import problem_responses
from euterpe_service_kit.security import CurrentUser
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from euterpe_converter.dependencies import AudioDep, requester_of
from euterpe_converter.routes.budget_headers import budget_headers

router = APIRouter(prefix="/api/v1/audio", tags=["audio"], responses=problem_responses(401, 403, 503))


class AudioUsageAnswer(BaseModel):
    """How much audio was rendered for you in the last hour, and the limits."""

    size_bytes: int = Field(
        examples=[4_194_304], description="Bytes of new audio; they fall evenly, by `max_size_bytes` an hour."
    )
    max_size_bytes: int = Field(examples=[8_589_934_592], description="Largest number of bytes an hour.")
    max_renders: int = Field(examples=[8], description="Largest number of renders that run or wait at once.")


@router.get("/usage", summary="Get the amount of rendered audio")
async def get_audio_usage(request: Request, user: CurrentUser, audio: AudioDep, response: Response) -> AudioUsageAnswer:
    """Only audio that was not rendered before counts. At a limit, requests for new audio are refused with 429 and the
    type `render-budget-reached` or `too-many-renders`. Each process of the converter counts for itself.
    """
    requester = requester_of(request, user)
    usage = audio.usage(requester)
    response.headers.update(budget_headers(audio, requester))
    return AudioUsageAnswer(
        size_bytes=usage.size_bytes,
        max_size_bytes=usage.max_size_bytes,
        max_renders=request.app.state.settings.renders_per_principal,
    )
