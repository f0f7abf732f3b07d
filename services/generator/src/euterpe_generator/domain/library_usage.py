"""How full a user's library is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LibraryUsage:
    """What a user's library holds, and its limits."""

    songs: int
    size_bytes: int
    max_songs: int
    max_size_bytes: int

    def has_room(self, songs: int) -> bool:
        """Whether so many more songs may be added."""
        return self.songs + songs <= self.max_songs and self.size_bytes < self.max_size_bytes
