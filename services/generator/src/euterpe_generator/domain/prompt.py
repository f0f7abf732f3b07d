"""A prompt: the beginning that a generation continues, or the melody that it accompanies."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

#: Notes and rests on the grid of 24ths of a quarter: (length, pitches) each.
Rows = tuple[tuple[int, tuple[int, ...]], ...]
#: Onset and duration in ticks, pitch, velocity, index into the given tracks.
GivenNote = tuple[int, int, int, int, int]
#: Program, whether it is a drum kit, name, whether its notes are of the melody.
GivenTrack = tuple[int, bool, str, bool]
#: What is done with a prompt.
PromptUse = Literal["continue", "accompany", "replace"]


@dataclass(frozen=True, slots=True)
class Given:
    """The notes of a prompt as its file has them, in ticks from its beginning.

    The first track is the melody's. If `has_accompaniment`, the second one is the accompaniment's.
    """

    notes: tuple[GivenNote, ...] = ()
    tracks: tuple[GivenTrack, ...] = ()
    ticks_per_quarter: int = 96
    has_accompaniment: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Given":
        """Build the notes from the values of `asdict`, as JSON returns them."""
        rows = {name: tuple(tuple(row) for row in values[name]) for name in ("notes", "tracks")}
        return cls(**{**values, **rows})


@dataclass(frozen=True, slots=True)
class Material:
    """A prompt as a whole file, for models that compose several tracks.

    `use` is what is done with it: it is continued, it is accompanied, or bars `first_bar` to `last_bar` (from 1) of
    some `tracks` (from 1; empty: all) are replaced. `midi` is the file in Base64.
    """

    midi: str
    use: PromptUse = "continue"
    first_bar: int = 0
    last_bar: int = 0
    tracks: tuple[int, ...] = ()
    note_count: int = 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Material":
        """Build the material from the values of `asdict`, as JSON returns them."""
        return cls(**{**values, "tracks": tuple(values["tracks"])})


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, read from its file when the request was accepted.

    `rows` are the notes and rests of its melody over `bars` bars of `meter`, until the last note is released;
    `accompaniment` are those of what accompanies it. `shift` semitones transpose them to the key in which the networks
    compose. `unknown` counts the tokens that are not in the networks' vocabularies. `key` is the key that the song or
    file states; `settings` are the parameters that a piece takes from its prompt unless they are requested. `song_id`
    is the song it was taken from, if any. Models for several tracks read `material` instead of `rows` and `given`;
    models for melodies read both if bars are replaced: `rows` are then the bars before, `after` those after them.
    """

    rows: Rows
    bars: int
    meter: str = "4/4"
    shift: int = 0
    unknown: int = 0
    song_id: str | None = None
    accompaniment: Rows = ()
    key: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    given: Given = Given()
    material: Material | None = None
    after: Rows = ()

    @property
    def replaced_bars(self) -> int:
        """The number of bars that are replaced; 0 for other uses."""
        if self.material is None or self.material.use != "replace":
            return 0
        return self.material.last_bar - self.material.first_bar + 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        values = asdict(self)
        if self.material is None:
            # Versions without it must be able to read the rows of this one.
            del values["material"]
        if not self.after:
            del values["after"]
        return values

    @property
    def summary(self) -> dict[str, Any]:
        """The values of `to_dict` that describe the prompt, without its notes as the file has them."""
        values = {
            name: value for name, value in self.to_dict().items() if name not in ("accompaniment", "given", "after")
        }
        if self.material is not None:
            values["material"] = {name: value for name, value in values["material"].items() if name != "midi"}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Prompt":
        """Build the prompt from the values of `to_dict`; those of earlier versions have fewer fields.

        Raises ValueError for values of a later version, which this one could only misread.
        """
        try:
            plain = dict(values)
            for name in {"rows", "accompaniment", "after"} & plain.keys():
                plain[name] = tuple((length, tuple(pitches)) for length, pitches in plain[name])
            if "given" in plain:
                plain["given"] = Given.from_dict(plain["given"])
            if plain.get("material") is not None:
                plain["material"] = Material.from_dict(plain["material"])
            return cls(**plain)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the prompt has unknown or missing fields: {error}") from error
