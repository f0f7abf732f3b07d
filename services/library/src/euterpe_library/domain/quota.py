"""Quotas of stored songs: how much a user stores and may store."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Storage:
    """A number of songs, and the bytes of their MIDI files and uploaded files."""

    songs: int
    size_bytes: int

    def fits(self, limit: "Storage") -> bool:
        """Whether this is within the limit."""
        return self.songs <= limit.songs and self.size_bytes <= limit.size_bytes

    def __add__(self, other: "Storage") -> "Storage":
        return Storage(self.songs + other.songs, self.size_bytes + other.size_bytes)


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits of a registered user, of a guest, and of the imports from one network in a day."""

    registered: Storage
    guest: Storage
    network_per_day: Storage

    def of_user(self, *, is_guest: bool) -> Storage:
        """Return the limit of a user."""
        return self.guest if is_guest else self.registered


@dataclass(frozen=True, slots=True)
class StorageUsage:
    """What a user stores, songs in the trash included, and the limit."""

    used: Storage
    limit: Storage
