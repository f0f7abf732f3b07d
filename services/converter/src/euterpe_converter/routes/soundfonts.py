"""`/api/v1/soundfonts`: what audio can be rendered with."""

from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter
from pydantic import BaseModel, Field

from euterpe_converter.dependencies import AudioDep
from euterpe_converter.domain.instrument_overrides import GENERAL_MIDI

router = APIRouter(prefix="/api/v1/soundfonts", tags=["soundfonts"], responses=problem_responses(503))


class SoundFontItem(BaseModel):
    """A SoundFont."""

    name: str = Field(description="What `soundfont=` takes.", examples=["FluidR3_GM"])
    title: str = Field(description="What its makers call it.", examples=["Fluid R3 GM"])
    licence: str | None = Field(description="Its licence, where it is known.", examples=["MIT"])
    copyright: str | None = Field(description="What the file says of its makers.", examples=["2000-2002 Frank Wen"])
    size_bytes: int = Field(description="Size of the file.", examples=[148398306])
    default: bool = Field(description="Whether it is used when none is asked for.", examples=[True])


class SoundFontList(BaseModel):
    """All SoundFonts, and the instruments that all of them have."""

    soundfonts: list[SoundFontItem]
    instruments: list[str] = Field(
        description="What `instrument=` takes, in the order of General MIDI's programs.",
        examples=[["Acoustic Grand Piano", "Bright Acoustic Piano"]],
    )


@router.get("", summary="SoundFonts and instruments")
async def list_soundfonts(audio: AudioDep) -> SoundFontList:
    """The SoundFonts that audio can be rendered with, their licences, and the names of instruments."""
    items = [SoundFontItem.model_validate(entry, from_attributes=True) for entry in await audio.soundfonts()]
    return SoundFontList(soundfonts=items, instruments=list(GENERAL_MIDI))
