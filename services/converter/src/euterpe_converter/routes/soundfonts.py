"""`/api/v1/soundfonts`: SoundFonts and instruments."""

from euterpe_music.general_midi import INSTRUMENTS
from euterpe_service_kit.problems import problem_responses
from fastapi import APIRouter
from pydantic import BaseModel, Field

from euterpe_converter.dependencies import AudioDep

router = APIRouter(prefix="/api/v1/soundfonts", tags=["soundfonts"], responses=problem_responses(503))


class SoundFontItem(BaseModel):
    """A SoundFont."""

    name: str = Field(description="Value of the `soundfont` option.", examples=["FluidR3_GM"])
    title: str = Field(description="Title in the file.", examples=["Fluid R3 GM"])
    licence: str | None = Field(description="Licence, if known.", examples=["MIT"])
    copyright: str | None = Field(description="Copyright notice in the file.", examples=["2000-2002 Frank Wen"])
    size_bytes: int = Field(description="Size of the file.", examples=[148398306])
    default: bool = Field(description="Whether it is used when `soundfont` is not set.", examples=[True])


class SoundFontList(BaseModel):
    """The SoundFonts, and the instruments that all of them have."""

    soundfonts: list[SoundFontItem]
    instruments: list[str] = Field(
        description="Values of the `instrument` option, in the order of General MIDI's programs.",
        examples=[["Acoustic Grand Piano", "Bright Acoustic Piano"]],
    )


@router.get("", summary="List SoundFonts and instruments")
async def list_soundfonts(audio: AudioDep) -> SoundFontList:
    """The available SoundFonts with their licences, and the names of the instruments."""
    items = [SoundFontItem.model_validate(entry, from_attributes=True) for entry in await audio.soundfonts()]
    return SoundFontList(soundfonts=items, instruments=[instrument.search_name for instrument in INSTRUMENTS])
