"""FastAPI dependencies and parameters that several routes share."""

import uuid
from typing import Annotated, Any

from euterpe_service_kit.networks import network_of
from euterpe_service_kit.security import optional_principal
from euterpe_service_kit.tokens import Principal
from fastapi import Depends, Path, Request, Security
from pydantic import Field

from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.domain.requester import Requester
from euterpe_converter.services.audio import AudioService
from euterpe_converter.services.pictures import PictureService
from euterpe_converter.services.scores import ScoreService
from euterpe_converter.services.stems import StemService

SongId = Annotated[uuid.UUID, Path(description="The song's id.", examples=["0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"])]
FormatInPath = Annotated[AudioFormat, Path(alias="format", description="The file extension.", examples=["mp3"])]

#: The user, if there is one. An API key needs the scope for reading, also for conversions, which change nothing.
OptionalReader = Annotated[Principal | None, Security(optional_principal, scopes=["songs:read"])]

_MAX_TOKEN_LENGTH = 200
#: Keeps the token out of Referer headers, and the response out of caches, where it would outlive a revoked link.
_SHARE_LINK_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def share_field() -> Any:
    """Return the query parameter with the token of a share link."""
    return Field(
        default="",
        max_length=_MAX_TOKEN_LENGTH,
        description="Token of a share link to this song, instead of a login.",
        examples=["mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"],
    )


def share_link_headers(share: str) -> dict[str, str]:
    """Return the headers of a response to a request with a share link; none without a token."""
    return _SHARE_LINK_HEADERS if share else {}


async def get_audio(request: Request) -> AudioService:
    """Return the use cases of audio."""
    audio: AudioService = request.app.state.audio
    return audio


async def get_pictures(request: Request) -> PictureService:
    """Return the use cases of pictures."""
    pictures: PictureService = request.app.state.pictures
    return pictures


async def get_scores(request: Request) -> ScoreService:
    """Return the use cases of scores."""
    scores: ScoreService = request.app.state.scores
    return scores


async def get_stems(request: Request) -> StemService:
    """Return the use cases of stems."""
    stems: StemService = request.app.state.stems
    return stems


StemsDep = Annotated[StemService, Depends(get_stems)]
ScoresDep = Annotated[ScoreService, Depends(get_scores)]
PicturesDep = Annotated[PictureService, Depends(get_pictures)]


async def get_requester(request: Request, user: OptionalReader) -> Requester:
    """Return who requests: the user of the token, or an anonymous client identified by its network."""
    return requester_of(request, user)


def requester_of(request: Request, user: Principal | None) -> Requester:
    """Return the requester for a user, or for an anonymous client, of a request."""
    network = network_of(request.client.host if request.client else "")
    return Requester(network=network) if user is None else Requester(user.id, "", user.guest, network)


RequesterDep = Annotated[Requester, Depends(get_requester)]
AudioDep = Annotated[AudioService, Depends(get_audio)]
