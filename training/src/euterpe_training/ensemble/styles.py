"""Number the styles that a network knows: genres, kinds and composers, 0 for unknown."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from euterpe_training.ensemble.corpora.prepare import Entry

_MIN_WORKS_OF_COMPOSER = 6


@dataclass(frozen=True)
class Styles:
    """The names of each level of the hierarchy; a name's number is its place counted from 1."""

    genres: tuple[str, ...]
    kinds: tuple[str, ...]
    composers: tuple[str, ...]

    @classmethod
    def of_entries(cls, entries: Iterable[Entry]) -> "Styles":
        """Collect the names that occur in training pieces; composers of fewer than six pieces stay unnamed."""
        chosen = [entry for entry in entries if entry.side == "train"]
        composers = Counter(entry.composer for entry in chosen if entry.composer)
        return cls(
            tuple(sorted({entry.genre for entry in chosen})),
            tuple(sorted({entry.kind for entry in chosen} - {""})),
            tuple(sorted(name for name, count in composers.items() if count >= _MIN_WORKS_OF_COMPOSER)),
        )

    @classmethod
    def from_dict(cls, data: dict[str, list[str]]) -> "Styles":
        """Restore from the form that `dataclasses.asdict` gives."""
        return cls(tuple(data["genres"]), tuple(data["kinds"]), tuple(data["composers"]))

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The number of values of each level, unknown included."""
        return len(self.genres) + 1, len(self.kinds) + 1, len(self.composers) + 1

    def numbers(self, genre: str, kind: str, composer: str) -> tuple[int, int, int]:
        """Return the numbers of a style's names, 0 for those that are empty or not known."""
        return _number(self.genres, genre), _number(self.kinds, kind), _number(self.composers, composer)


def _number(names: tuple[str, ...], name: str) -> int:
    return names.index(name) + 1 if name in names else 0
