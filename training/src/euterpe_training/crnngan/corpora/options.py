"""What a corpus is made of."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CorpusOptions:
    """What is done to every piece before it is encoded, and how long it must be to stay."""

    #: The thesis' three steps.
    preprocess: bool = True
    drop_drums: bool = True
    #: Move every piece to C major or A minor, where the ladder of white keys fits.
    transpose: bool = True
    #: Keep one of several notes with equal onset and pitch: instruments in unison are one tone on a piano.
    merge_unisons: bool = True
    min_events: int = 100
    #: Folders of the corpus to use, such as "jazz"; all when it is empty.
    folders: tuple[str, ...] = ()
    #: The only composer (folder of a file) to use; all when it is empty.
    composer: str = ""
    #: Songs of each composer, the first by name; 0 for all.
    works_per_composer: int = 0
    #: A silent event at every quarter without an onset.
    pace_events: bool = False
    #: Made-up triads instead of the songs.
    synthetic_chords: bool = False

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CorpusOptions":
        """The options that `dataclasses.asdict` described, also after JSON."""
        return cls(**{**values, "folders": tuple(values.get("folders", ()))})
