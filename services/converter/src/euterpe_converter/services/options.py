"""What may be asked of audio, as query parameters and form fields."""

from typing import Annotated, Any, Literal

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.domain.audio import (
    DEFAULT_GAIN,
    LEAST_LOUDNESS,
    MOST_LOUDNESS,
    AudioFormat,
    OptionRefused,
    Synthesis,
    Wish,
    choose_encoding,
)
from euterpe_converter.domain.instrument_overrides import parse_choices

Instrument = Annotated[str, Field(max_length=50)]


class AudioOptions(BaseModel):
    """Everything has a default; combinations that a format does not know are refused by name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sample_rate: int | None = Field(
        default=None, ge=8_000, le=96_000, description="Frames per second.", examples=[44100]
    )
    channels: Literal["mono", "stereo"] = Field(default="stereo", description="One channel or two.")
    bit_depth: int | None = Field(default=None, ge=16, le=24, description="WAV and FLAC: 16 or 24.", examples=[16])
    bitrate: int | None = Field(
        default=None, ge=32, le=512, description="MP3 and Opus: constant kbit/s. Default 192 and 128.", examples=[192]
    )
    vbr: int | None = Field(
        default=None,
        ge=0,
        le=9,
        description="MP3: variable bit rate of this quality, 0 is best; not streamed.",
        examples=[2],
    )
    soundfont: str | None = Field(
        default=None, max_length=100, description="A name of `/api/v1/soundfonts`.", examples=["FluidR3_GM"]
    )
    instrument: list[Instrument] = Field(
        default=[],
        max_length=16,
        description="General MIDI instrument in place of the file's own: `violin` for all, `2:cello` for a channel.",
        examples=[["violin"], ["1:flute", "2:cello"]],
    )
    gain: float = Field(
        default=DEFAULT_GAIN, gt=0, le=2, description="FluidSynth's gain; what gets too loud is limited, not clipped."
    )
    reverb: float = Field(default=0.9, ge=0, le=1, description="Level of the reverb; 0 is none.")
    chorus: float = Field(default=2.0, ge=0, le=10, description="Level of the chorus; 0 is none.")
    tail: float = Field(default=2.0, ge=0, le=10, description="Seconds that tones and reverb get to die away.")
    fade: float = Field(default=0.5, ge=0, le=10, description="Seconds that are faded out at the end.")
    loudness: float | None = Field(
        default=None,
        ge=LEAST_LOUDNESS,
        le=MOST_LOUDNESS,
        description="Integrated loudness in LUFS (EBU R128).",
        examples=[-16],
    )
    trim: bool = Field(default=False, description="Cut silence at the end off.")

    def wish(self, audio_format: AudioFormat, place: str) -> Wish:
        """What the use cases understand. Raises Unprocessable, with fields under `place` (`query`, `body`)."""
        try:
            encoding = choose_encoding(
                audio_format,
                sample_rate=self.sample_rate,
                channels=1 if self.channels == "mono" else 2,
                bit_depth=self.bit_depth,
                bitrate=self.bitrate,
                vbr=self.vbr,
            )
        except OptionRefused as error:
            limits = {"allowed": error.allowed} if error.allowed else {}
            raise _refused(f"{place}.{error.option}", str(error), limits) from None
        try:
            programs = parse_choices(self.instrument)
        except ValueError as error:
            raise _refused(f"{place}.instrument", str(error), {}) from None
        synthesis = Synthesis(
            gain=self.gain,
            reverb=self.reverb,
            chorus=self.chorus,
            tail_seconds=self.tail,
            fade_seconds=self.fade,
            loudness=self.loudness,
            trim=self.trim,
            programs=programs,
        )
        return Wish(encoding, synthesis, self.soundfont)


def _refused(field: str, message: str, limits: dict[str, Any]) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", fields=[FieldProblem(field, message, limits)])
