"""The selection and preprocessing of a corpus' files."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CorpusOptions:
    """Selection and preprocessing; field names are keys of checkpoints and manifests."""

    #: Steps of the thesis' preprocessing; the third, `normalize_data`, is the representation `thesis`.
    remove_noise: bool = True
    correct_errors: bool = True
    drop_drums: bool = True
    #: Transpose every piece to C major or A minor, for which the pitch quantizer is made.
    transpose: bool = True
    #: Keep one of several notes with equal onset and pitch: instruments in unison are one tone on a piano.
    merge_unisons: bool = True
    min_events: int = 100
    #: Folders of the corpus to use, such as "jazz"; empty for all.
    folders: tuple[str, ...] = ()
    #: Use only this composer (a file's folder); empty for all.
    composer: str = ""
    #: Maximum number of songs per composer, the first by name; 0 for all.
    works_per_composer: int = 0
    #: Insert a silent event at every quarter without an onset.
    pace_events: bool = False
    #: Use synthetic triads instead of the songs.
    synthetic_chords: bool = False

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CorpusOptions":
        """Return the options from the values of `dataclasses.asdict`, also after JSON."""
        values = dict(values)
        if "preprocess" in values:  # before 2026-12-01: one field for both steps
            values["remove_noise"] = values["correct_errors"] = values.pop("preprocess")
        return cls(**{**values, "folders": tuple(values.get("folders", ()))})
