"""Rendering options as query parameters and form fields."""

from typing import Annotated, Any, Literal

from euterpe_service_kit.errors import FieldProblem, Unprocessable
from pydantic import BaseModel, ConfigDict, Field

from euterpe_converter.domain import steps
from euterpe_converter.domain.audio import DEFAULT_GAIN, MAX_LOUDNESS, MIN_LOUDNESS, RenderOptions, Synthesis
from euterpe_converter.domain.formats import AudioFormat, InvalidOption, choose_encoding
from euterpe_converter.domain.instrument_overrides import parse_overrides
from euterpe_converter.domain.steps import quantised

Instrument = Annotated[str, Field(max_length=50)]


class AudioOptions(BaseModel):
    """Rendering options. All have defaults. Options that the format does not support are refused by name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sample_rate: int | None = Field(
        default=None, ge=8_000, le=96_000, description="Frames per second.", examples=[44100]
    )
    channels: Literal["mono", "stereo"] = Field(default="stereo", description="Number of channels.")
    bit_depth: int | None = Field(default=None, ge=16, le=24, description="WAV and FLAC: 16 or 24.", examples=[16])
    bitrate: int | None = Field(
        default=None,
        ge=32,
        le=512,
        description="MP3 and Opus: constant bit rate in kbit/s. Default: 192 for MP3, 128 for Opus.",
        examples=[192],
    )
    vbr: int | None = Field(
        default=None,
        ge=0,
        le=9,
        description="MP3: variable bit rate of this quality, 0 (best) to 9. Sent after the whole song is encoded.",
        examples=[2],
    )
    soundfont: str | None = Field(
        default=None, max_length=100, description="A `name` from `/api/v1/soundfonts`.", examples=["FluidR3_GM"]
    )
    instrument: list[Instrument] = Field(
        default=[],
        max_length=16,
        description="General MIDI instrument that replaces the file's: `violin` for all, `2:cello` for one channel.",
        examples=[["violin"], ["1:flute", "2:cello"]],
    )
    gain: float = Field(
        default=DEFAULT_GAIN,
        gt=0,
        le=2,
        description="FluidSynth's gain, rounded to 0.05. Loud passages are limited, not clipped.",
    )
    reverb: float = Field(default=0.9, ge=0, le=1, description="Reverb level, rounded to 0.05; 0 turns it off.")
    chorus: float = Field(default=2.0, ge=0, le=10, description="Chorus level, rounded to 0.25; 0 turns it off.")
    tail: float = Field(
        default=2.0, ge=0, le=10, description="Seconds after the last note, for releases and reverb, rounded to 0.25."
    )
    fade: float = Field(default=0.5, ge=0, le=10, description="Seconds of fade-out at the end, rounded to 0.25.")
    loudness: float | None = Field(
        default=None,
        ge=MIN_LOUDNESS,
        le=MAX_LOUDNESS,
        description="Target integrated loudness in LUFS (EBU R128), rounded to 0.5. Unset: not normalised.",
        examples=[-16],
    )
    trim: bool = Field(default=False, description="Remove silence at the end.")

    def render_options(self, audio_format: AudioFormat, location: str) -> RenderOptions:
        """Convert to the use cases' type. Raises Unprocessable with fields under `location` (`query`, `body`)."""
        try:
            encoding = choose_encoding(
                audio_format,
                sample_rate=self.sample_rate,
                channels=1 if self.channels == "mono" else 2,
                bit_depth=self.bit_depth,
                bitrate=self.bitrate,
                vbr=self.vbr,
            )
        except InvalidOption as error:
            limits = {"allowed": error.allowed} if error.allowed else {}
            raise _refusal(f"{location}.{error.option}", str(error), limits) from None
        try:
            programs = parse_overrides(self.instrument)
        except ValueError as error:
            raise _refusal(f"{location}.instrument", str(error), {}) from None
        synthesis = Synthesis(
            gain=quantised(self.gain, steps.GAIN, least=steps.GAIN),
            reverb=quantised(self.reverb, steps.REVERB),
            chorus=quantised(self.chorus, steps.CHORUS),
            tail_seconds=quantised(self.tail, steps.SECONDS),
            fade_seconds=quantised(self.fade, steps.SECONDS),
            loudness=None if self.loudness is None else quantised(self.loudness, steps.LOUDNESS, least=MIN_LOUDNESS),
            trim=self.trim,
            programs=programs,
        )
        return RenderOptions(encoding, synthesis, self.soundfont)


def _refusal(field: str, message: str, limits: dict[str, Any]) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", fields=[FieldProblem(field, message, limits)])
