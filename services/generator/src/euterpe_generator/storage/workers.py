"""What workers and followers tell each other through unlogged tables: pace, interest, and events so far."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Float, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

Events = NDArray[np.float32]

_REPORT = text("""
    INSERT INTO workers (id, seen_at, models, ended_per_second) VALUES (:id, now(), :models, :pace)
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), models = excluded.models, ended_per_second = excluded.ended_per_second
""").bindparams(bindparam("models", type_=ARRAY(Text)), bindparam("pace", type_=Float))

_PACE = text("SELECT coalesce(sum(ended_per_second), 0) FROM workers WHERE seen_at > now() - CAST(:recent AS interval)")

_FORGET = text("DELETE FROM workers WHERE seen_at < now() - CAST(:recent AS interval)")

_WATCH = text("""
    UPDATE generations SET watched_until = now() + CAST(:watching AS interval)
    WHERE id = :id AND status IN ('queued', 'running')
""")

_PUBLISH = text("""
    INSERT INTO live_events (generation_id, events) VALUES (:id, :events)
    ON CONFLICT (generation_id) DO UPDATE SET events = excluded.events
""")

_LIVE = text("SELECT events FROM live_events WHERE generation_id = :id")

_CLEAN = text("""
    DELETE FROM live_events AS live
    WHERE NOT EXISTS (SELECT FROM generations AS g WHERE g.id = live.generation_id AND g.status = 'running')
""")


class Workers:
    """Reports between processes, within a caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def report(self, worker: str, *, models: Sequence[str], ended_per_second: float) -> None:
        """Says that a worker is there, what it composes with, and how fast."""
        await self._session.execute(_REPORT, {"id": worker, "models": list(models), "pace": ended_per_second})

    async def ended_per_second(self, *, recent: timedelta) -> float:
        """Pieces that all workers heard of lately end in a second."""
        return float(await self._session.scalar(_PACE, {"recent": recent}) or 0.0)

    async def clean(self, *, recent: timedelta) -> None:
        """Removes what nobody needs any more: silent workers, and events of pieces that have ended."""
        await self._session.execute(_FORGET, {"recent": recent})
        await self._session.execute(_CLEAN)

    async def watch(self, generation_id: uuid.UUID, *, watching: timedelta) -> None:
        """Says that somebody wants to see the piece come about."""
        await self._session.execute(_WATCH, {"id": generation_id, "watching": watching})

    async def publish(self, pieces: Mapping[uuid.UUID, Events]) -> None:
        """Tells the events [steps, features] of watched pieces so far."""
        for generation_id, events in pieces.items():
            await self._session.execute(_PUBLISH, {"id": generation_id, "events": events.tobytes()})

    async def live_events(self, generation_id: uuid.UUID, *, features: int) -> Events | None:
        """The events of a watched piece so far [steps, features]."""
        stored = await self._session.scalar(_LIVE, {"id": generation_id})
        return None if stored is None else np.frombuffer(stored, np.float32).reshape(-1, features)
