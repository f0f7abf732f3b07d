"""Statements on generations. Each is one transaction's worth of truth; callers commit."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.generation import Generation, Listener, Prompt, Result, Status, Waiting
from euterpe_generator.storage.admission import Admission, admitted
from euterpe_generator.storage.models import GenerationRow, IdempotencyKeyRow

_TABLE = GenerationRow.__table__

# Start-time fair queueing (Goyal, Vin, Cheng, 1996): a piece's turn is one after its listener's last, and never
# before the head of the queue, so that an idle listener neither saves up credit nor waits behind a busy one.
_ENQUEUE = text("""
    WITH piece AS (
      SELECT * FROM jsonb_to_recordset(CAST(:pieces AS jsonb)) AS piece(
        id uuid, order_id uuid, variation int, listener_key text, owner_id text, owner_name text, model text,
        model_version text, seed bigint, length int, parameters jsonb, prompt jsonb, title text, background bool,
        first_cost bigint, ahead bigint, count int, most_unfinished int)),
    line AS (
      SELECT listener_key, background, first_cost,
             greatest(
               coalesce((SELECT turn FROM generations WHERE status = 'queued' AND background = distinct_line.background
                         ORDER BY turn, created_at LIMIT 1), 0),
               coalesce((SELECT max(turn) + first_cost FROM generations
                         WHERE listener_key = distinct_line.listener_key AND status IN ('queued', 'running')
                           AND background = distinct_line.background), 0)) AS turn
      FROM (SELECT DISTINCT listener_key, background, first_cost FROM piece) AS distinct_line),
    load AS (
      SELECT listener_key,
             (SELECT count(*) FROM (SELECT FROM generations
                                    WHERE listener_key = listener.listener_key AND status IN ('queued', 'running')
                                    LIMIT :most) AS counted) AS unfinished
      FROM (SELECT DISTINCT listener_key FROM piece) AS listener)
    INSERT INTO generations (id, order_id, variation, listener_key, owner_id, owner_name, model, model_version, seed,
                             length, parameters, prompt, title, background, turn)
    SELECT id, order_id, variation, piece.listener_key, owner_id, owner_name, model, model_version, seed,
           length, parameters, prompt, title, piece.background, line.turn + ahead
    FROM piece JOIN line USING (listener_key, background) JOIN load USING (listener_key)
    WHERE unfinished + count <= most_unfinished
    RETURNING *, false AS watched
""")

_CLAIM = text("""
    WITH head AS (
      SELECT id FROM generations
      WHERE status = 'queued' AND model || '@' || model_version = ANY(:models)
      ORDER BY background, turn, created_at LIMIT :count
      FOR UPDATE SKIP LOCKED)
    UPDATE generations AS g
    SET status = 'running', attempt = g.attempt + 1, worker_id = :worker,
        lease_until = now() + :lease, started_at = coalesce(g.started_at, now())
    FROM head WHERE g.id = head.id
    RETURNING g.*, coalesce(g.watched_until > now(), false) AS watched
""")

_RENEW = text("""
    UPDATE generations AS g
    SET lease_until = now() + :lease, steps = greatest(g.steps, held.steps)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:steps AS int[])) AS held(id, attempt, steps)
    WHERE g.id = held.id AND g.attempt = held.attempt AND g.status = 'running'
    RETURNING g.id, g.cancel_requested, g.keep_partial, coalesce(g.watched_until > now(), false) AS watched
""")

_FINISH = text("""
    UPDATE generations AS g
    SET status = done.status, steps = done.steps, finished_at = now(), lease_until = NULL, midi_key = done.midi_key,
        midi_bytes = done.midi_bytes, song_id = done.song_id, note_count = done.note_count,
        duration_seconds = done.duration_seconds, measures = done.measures
    FROM jsonb_to_recordset(CAST(:results AS jsonb)) AS done(
           id uuid, attempt int, status text, steps int, midi_key text, midi_bytes int, song_id text, note_count int,
           duration_seconds float, measures jsonb)
    WHERE g.id = done.id AND g.attempt = done.attempt AND g.status = 'running'
    RETURNING g.*
""")

_END = text("""
    UPDATE generations
    SET status = :status, failure = :failure, finished_at = now(), lease_until = NULL
    WHERE id = :id AND attempt = :attempt AND status = 'running'
    RETURNING *
""")

_HAND_BACK = text("""
    UPDATE generations SET status = 'queued', lease_until = NULL, worker_id = NULL
    WHERE worker_id = :worker AND status = 'running'
    RETURNING id
""")

# `crashes` counts only leases that ran out; handing back at a planned stop is no crime of the piece's.
_EXPIRE = text("""
    UPDATE generations
    SET crashes = crashes + 1, lease_until = NULL, worker_id = NULL,
        status = CASE WHEN cancel_requested THEN 'cancelled'
                      WHEN crashes + 1 >= :max_attempts THEN 'failed' ELSE 'queued' END,
        failure = CASE WHEN NOT cancel_requested AND crashes + 1 >= :max_attempts THEN :failure END,
        finished_at = CASE WHEN cancel_requested OR crashes + 1 >= :max_attempts THEN now() END
    WHERE status = 'running' AND lease_until < now()
    RETURNING *
""")

# A model may come back, or its pool may be about to be scaled up for this very queue; so this takes long.
_ABANDON = text("""
    UPDATE generations
    SET status = 'failed', finished_at = now(),
        failure = 'No worker has had the model ' || model || '@' || model_version || ' for too long.'
    WHERE status = 'queued' AND created_at < now() - CAST(:patience AS interval)
      AND NOT EXISTS (SELECT FROM workers WHERE model || '@' || model_version = ANY(workers.models))
    RETURNING *
""")

_CANCEL = text("""
    UPDATE generations
    SET cancel_requested = true, keep_partial = :keep_partial,
        status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END,
        finished_at = CASE WHEN status = 'queued' THEN now() END
    WHERE id = :id AND status IN ('queued', 'running')
    RETURNING *
""")


@dataclass(frozen=True, slots=True)
class Orders:
    """What listeners ask of the worker that composes their piece."""

    cancel: bool
    keep_partial: bool
    watched: bool


class Generations:
    """The queue and its history, within a caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def enqueue(self, requests: Sequence[Admission]) -> list[list[Generation]]:
        """Adds the pieces of orders at their listeners' turns.

        For each order its pieces, in order; none when the listener would have too many unfinished.
        """
        pieces = list(admitted(requests))
        values = {"pieces": json.dumps(pieces), "most": max(one.most_unfinished for one in requests)}
        by_order: dict[uuid.UUID, list[Generation]] = defaultdict(list)
        for row in (await self._session.execute(_ENQUEUE, values)).mappings():
            by_order[row["order_id"]].append(_generation(row))
        return [sorted(by_order[one.order.id], key=lambda piece: piece.variation) for one in requests]

    async def get(self, generation_id: uuid.UUID) -> Generation | None:
        """One generation."""
        found = await self._session.execute(select(_TABLE).where(_TABLE.c.id == generation_id))
        row = found.mappings().one_or_none()
        return None if row is None else _generation(row)

    async def of_order(self, order_id: uuid.UUID) -> list[Generation]:
        """All pieces of an order, in order."""
        wanted = select(_TABLE).where(_TABLE.c.order_id == order_id).order_by(_TABLE.c.variation)
        return [_generation(row) for row in (await self._session.execute(wanted)).mappings()]

    async def position(self, generation: Generation, *, at_most: int) -> int:
        """How many queued pieces come before this one, counted no further than asked."""
        order = (_TABLE.c.background, _TABLE.c.turn, _TABLE.c.created_at)
        before = tuple_(*order) < select(*order).where(_TABLE.c.id == generation.id).scalar_subquery()
        limited = select(_TABLE.c.id).where(_TABLE.c.status == "queued", before).limit(at_most).subquery()
        return int(await self._session.scalar(select(func.count()).select_from(limited)) or 0)

    async def count_queued(self, *, at_most: int) -> Waiting:
        """How many wait in the deployment, counted no further than asked; those before the background ones first."""
        queued = select(_TABLE.c.background).where(_TABLE.c.status == "queued").order_by(_TABLE.c.background)
        limited = queued.limit(at_most).subquery()
        counts = select(func.count().filter(~limited.c.background), func.count()).select_from(limited)
        foreground, everything = (await self._session.execute(counts)).one()
        return Waiting(foreground, everything)

    async def claim(self, *, worker: str, models: Sequence[str], count: int, lease: timedelta) -> list[Generation]:
        """Takes up to `count` from the head of the queue under a lease; rows that others are claiming are skipped."""
        values = {"worker": worker, "models": list(models), "count": count, "lease": lease}
        return [_generation(row) for row in (await self._session.execute(_CLAIM, values)).mappings()]

    async def renew(self, held: Iterable[tuple[uuid.UUID, int, int]], *, lease: timedelta) -> dict[uuid.UUID, Orders]:
        """Prolongs leases: (id, attempt, steps) of what the worker believes to hold → what is asked of it.

        What is missing in the answer is no longer the worker's.
        """
        ids, attempts, steps = zip(*held, strict=True)
        values = {"ids": list(ids), "attempts": list(attempts), "steps": list(steps), "lease": lease}
        rows = (await self._session.execute(_RENEW, values)).mappings()
        return {row["id"]: Orders(row["cancel_requested"], row["keep_partial"], row["watched"]) for row in rows}

    async def finish(self, results: Sequence[Result]) -> dict[uuid.UUID, Generation]:
        """Records pieces, many in one statement; what is missing in the answer had another attempt by then."""
        values = {"results": json.dumps([result.as_dict() for result in results])}
        rows = (await self._session.execute(_FINISH, values)).mappings()
        return {row["id"]: _generation(row) for row in rows}

    async def end(self, generation: Generation, status: Status, failure: str | None = None) -> Generation | None:
        """Ends an attempt without a piece; None when it is no longer the current one."""
        values = {"id": generation.id, "attempt": generation.attempt, "status": status.value, "failure": failure}
        return await self._one_or_none(_END, values)

    async def hand_back(self, worker: str) -> list[uuid.UUID]:
        """Gives all that a worker holds back to the queue, at once."""
        return list((await self._session.scalars(_HAND_BACK, {"worker": worker})).all())

    async def expire_leases(self, *, max_attempts: int, failure: str) -> list[Generation]:
        """Puts what dead workers held back into the queue, or gives it up after too many deaths."""
        values = {"max_attempts": max_attempts, "failure": failure}
        return [_generation(row) for row in (await self._session.execute(_EXPIRE, values)).mappings()]

    async def abandon(self, *, patience: timedelta) -> list[Generation]:
        """Gives up what has been waiting for a model that no worker has."""
        return [_generation(row) for row in (await self._session.execute(_ABANDON, {"patience": patience})).mappings()]

    async def cancel(self, generation_id: uuid.UUID, *, keep_partial: bool = False) -> Generation | None:
        """Cancels what is queued, and asks the worker of what is running to; None when it has ended.

        With `keep_partial` what was composed until then becomes a piece.
        """
        return await self._one_or_none(_CANCEL, {"id": generation_id, "keep_partial": keep_partial})

    async def remember_key(
        self, listener_key: str, key: str, digest: str, generation_id: uuid.UUID
    ) -> tuple[uuid.UUID, str] | None:
        """Ties an Idempotency-Key to a generation; the (generation, digest) that it is tied to already, if it is."""
        values = {
            "listener_key": listener_key,
            "key": key,
            "request_digest": digest,
            "generation_id": generation_id,
        }
        # A concurrent insert of the same key is waited for here, so that exactly one request enqueues.
        statement = insert(IdempotencyKeyRow).values(values).on_conflict_do_nothing()
        inserted = await self._session.execute(statement.returning(IdempotencyKeyRow.generation_id))
        if inserted.one_or_none() is not None:
            return None
        row = await self._session.get_one(IdempotencyKeyRow, (listener_key, key))
        return row.generation_id, row.request_digest

    async def forget_keys(self, *, older_than: timedelta) -> None:
        """Deletes Idempotency-Keys after their time."""
        expired = IdempotencyKeyRow.created_at < func.now() - older_than
        await self._session.execute(delete(IdempotencyKeyRow).where(expired))

    async def _one_or_none(self, statement: Any, values: Mapping[str, Any]) -> Generation | None:
        row = (await self._session.execute(statement, values)).mappings().one_or_none()
        return None if row is None else _generation(row)


def _generation(row: RowMapping) -> Generation:
    return Generation(
        id=row["id"],
        order_id=row["order_id"],
        variation=row["variation"],
        listener=Listener(id=row["owner_id"], name=row["owner_name"], key=row["listener_key"]),
        model=row["model"],
        model_version=row["model_version"],
        seed=row["seed"],
        length=row["length"],
        settings=row["parameters"],
        prompt=None if row["prompt"] is None else Prompt.from_dict(row["prompt"]),
        title=row["title"],
        status=Status(row["status"]),
        attempt=row["attempt"],
        steps=row["steps"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        cancel_requested=row["cancel_requested"],
        keep_partial=row["keep_partial"],
        watched=row.get("watched", False),
        failure=row["failure"],
        midi_key=row["midi_key"],
        midi_bytes=row["midi_bytes"],
        song_id=row["song_id"],
        note_count=row["note_count"],
        duration_seconds=row["duration_seconds"],
        measures=row["measures"],
    )
