"""Statements on the unlogged tables: reports of workers, watched generations, and their events so far."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Float, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

Events = NDArray[np.float32]

_REPORT = text("""
    INSERT INTO workers (id, seen_at, models, ended_per_second) VALUES (:id, now(), :models, :ended_per_second)
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), models = excluded.models, ended_per_second = excluded.ended_per_second
""").bindparams(bindparam("models", type_=ARRAY(Text)), bindparam("ended_per_second", type_=Float))

_THROUGHPUT = text(
    "SELECT coalesce(sum(ended_per_second), 0) FROM workers WHERE seen_at > now() - CAST(:recent AS interval)"
)

_DELETE_SILENT = text("DELETE FROM workers WHERE seen_at < now() - CAST(:recent AS interval)")

_WATCH = text("""
    UPDATE generations SET watched_until = now() + CAST(:duration AS interval)
    WHERE id = :id AND status IN ('queued', 'running')
""")

_PUBLISH = text("""
    INSERT INTO live_events (generation_id, events) VALUES (:id, :events)
    ON CONFLICT (generation_id) DO UPDATE SET events = excluded.events
""")

_LIVE_EVENTS = text("SELECT events FROM live_events WHERE generation_id = :id")

_DELETE_STALE_EVENTS = text("""
    WITH stale AS MATERIALIZED (
      SELECT generation_id FROM live_events AS live
      WHERE NOT EXISTS (SELECT FROM generations AS g WHERE g.id = live.generation_id AND g.status = 'running')
      ORDER BY generation_id FOR UPDATE SKIP LOCKED)
    DELETE FROM live_events AS live USING stale WHERE live.generation_id = stale.generation_id
""")


class WorkerRepository:
    """Reports of workers, and live events of watched generations."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def report(self, worker: str, *, models: Sequence[str], ended_per_second: float) -> None:
        """Record that a worker is alive, its loaded models and its throughput."""
        values = {"id": worker, "models": list(models), "ended_per_second": ended_per_second}
        await self._session.execute(_REPORT, values)

    async def ended_per_second(self, *, recent: timedelta) -> float:
        """Return the total throughput of the workers that reported within `recent`."""
        return float(await self._session.scalar(_THROUGHPUT, {"recent": recent}) or 0.0)

    async def delete_stale(self, *, recent: timedelta) -> None:
        """Delete workers that have not reported within `recent`, and events of generations that are not running."""
        await self._session.execute(_DELETE_SILENT, {"recent": recent})
        await self._session.execute(_DELETE_STALE_EVENTS)

    async def watch(self, generation_id: uuid.UUID, *, duration: timedelta) -> None:
        """Ask the generation's worker to publish its events for `duration`."""
        await self._session.execute(_WATCH, {"id": generation_id, "duration": duration})

    async def publish(self, events: Mapping[uuid.UUID, Events]) -> None:
        """Store the events so far [steps, features] of watched generations, in the order of their ids."""
        for generation_id, array in sorted(events.items()):
            await self._session.execute(_PUBLISH, {"id": generation_id, "events": array.tobytes()})

    async def live_events(self, generation_id: uuid.UUID, *, features: int) -> Events | None:
        """Return the published events [steps, features] of a generation, if there are any."""
        stored = await self._session.scalar(_LIVE_EVENTS, {"id": generation_id})
        return None if stored is None else np.frombuffer(stored, np.float32).reshape(-1, features)
