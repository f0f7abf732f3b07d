"""Bounds of the turns of queued generations, so that reads of the queue skip what was claimed.

While anything holds an old snapshot, the index of the queue keeps an entry for every generation that was claimed since;
without a bound, every claim would read all of them. The bounds are sequences, which have no row versions:

- `head`: the smallest queued turn when a worker last looked, and more while nothing is queued. A new generation of a
  user without unfinished ones has at least this turn.
- `floor`: the head of some seconds ago, where reads begin. Transactions that saw an earlier head have ended.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_HEADS = text("""
    SELECT foreground.last_value AS foreground, background.last_value AS background
    FROM queue_head AS foreground, background_queue_head AS background
""")

_SMALLEST = text("""
    SELECT (SELECT turn FROM generations
            WHERE status = 'queued' AND NOT background
              AND turn >= CASE WHEN :everything THEN 0 ELSE (SELECT last_value FROM queue_floor) END
            ORDER BY turn, created_at LIMIT 1) AS foreground,
           (SELECT turn FROM generations
            WHERE status = 'queued' AND background
              AND turn >= CASE WHEN :everything THEN 0 ELSE (SELECT last_value FROM background_queue_floor) END
            ORDER BY turn, created_at LIMIT 1) AS background
""")

_SET_HEADS = text("SELECT setval('queue_head', :foreground), setval('background_queue_head', :background)")
_SET_FLOORS = text("SELECT setval('queue_floor', :foreground), setval('background_queue_floor', :background)")

_LOWER_FLOOR = text("SELECT setval('queue_floor', :turn) FROM queue_floor WHERE last_value > :turn")
_LOWER_BACKGROUND_FLOOR = text(
    "SELECT setval('background_queue_floor', :turn) FROM background_queue_floor WHERE last_value > :turn"
)


@dataclass(frozen=True, slots=True)
class Turns:
    """A turn of the foreground and one of the background."""

    foreground: int
    background: int

    def at_most(self, other: "Turns") -> "Turns":
        """Return the smaller turn of each."""
        return Turns(min(self.foreground, other.foreground), min(self.background, other.background))


class QueueBoundsRepository:
    """The bounds; setting them takes effect at once, also if the transaction fails."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def heads(self) -> Turns:
        """Return the heads."""
        row = (await self._session.execute(_HEADS)).one()
        return Turns(row.foreground, row.background)

    async def smallest(self, *, everything: bool) -> tuple[int | None, int | None]:
        """Return the smallest queued turns, from the floor on or of `everything`; None where nothing is queued."""
        row = (await self._session.execute(_SMALLEST, {"everything": everything})).one()
        return row.foreground, row.background

    async def set_heads(self, turns: Turns) -> None:
        """Store the heads."""
        await self._session.execute(_SET_HEADS, {"foreground": turns.foreground, "background": turns.background})

    async def set_floors(self, turns: Turns) -> None:
        """Store the floors."""
        await self._session.execute(_SET_FLOORS, {"foreground": turns.foreground, "background": turns.background})

    async def lower_floor(self, turn: int, *, background: bool) -> None:
        """Lower the floor to the turn of a generation that is queued again."""
        await self._session.execute(_LOWER_BACKGROUND_FLOOR if background else _LOWER_FLOOR, {"turn": turn})
