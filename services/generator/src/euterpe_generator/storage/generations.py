"""Statements on generations."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from euterpe_generator.domain.estimate import Estimate
from euterpe_generator.domain.generation import Generation, Owner, Status, UserClass
from euterpe_generator.domain.prompt import Prompt
from euterpe_generator.domain.queue import QueueDepth
from euterpe_generator.domain.rendered_piece import RenderedPiece
from euterpe_generator.storage.admission import Admission, UnfinishedCounts, admission_rows
from euterpe_generator.storage.models import GenerationRow
from euterpe_generator.storage.queue_bounds import QueueBoundsRepository

_TABLE = GenerationRow.__table__

# Start-time fair queueing (Goyal, Vin, Cheng, 1996): a piece's turn follows its owner's last one, and is never before
# the head of the queue, so an idle user neither accumulates credit nor waits behind a busy one.
_ENQUEUE = text("""
    WITH piece AS (
      SELECT * FROM jsonb_to_recordset(CAST(:pieces AS jsonb)) AS piece(
        id uuid, order_id uuid, variation int, listener_key text, owner_id text, owner_name text, model text,
        model_version text, seed bigint, length int, parameters jsonb, prompt jsonb, title text, title_language text,
        remix_of uuid, label text, estimate jsonb, background bool, first_cost bigint, turn_offset bigint, count int,
        max_unfinished int, user_class text, network text, network_count int, max_network_unfinished int)),
    queue AS (
      SELECT listener_key, background, first_cost,
             greatest(
               coalesce((SELECT turn FROM generations
                         WHERE status = 'queued' AND background = distinct_queue.background AND turn >= lowest
                         ORDER BY turn, created_at LIMIT 1), head),
               coalesce((SELECT max(turn) + first_cost FROM generations
                         WHERE listener_key = distinct_queue.listener_key AND status IN ('queued', 'running')
                           AND background = distinct_queue.background AND turn >= lowest - first_cost), 0)) AS turn
      FROM (SELECT DISTINCT listener_key, background, first_cost,
                   CASE WHEN background THEN (SELECT last_value FROM background_queue_floor)
                        ELSE (SELECT last_value FROM queue_floor) END AS lowest,
                   CASE WHEN background THEN (SELECT last_value FROM background_queue_head)
                        ELSE (SELECT last_value FROM queue_head) END AS head
            FROM piece) AS distinct_queue),
    load AS (
      SELECT listener_key,
             (SELECT count(*) FROM (SELECT FROM generations
                                    WHERE listener_key = owner.listener_key AND status IN ('queued', 'running')
                                    LIMIT :max_unfinished) AS counted) AS unfinished
      FROM (SELECT DISTINCT listener_key FROM piece) AS owner),
    network_load AS (
      SELECT network, user_class,
             (SELECT count(*) FROM (SELECT FROM generations
                                    WHERE network = source.network AND user_class = source.user_class
                                      AND status IN ('queued', 'running')
                                    LIMIT :max_unfinished) AS counted) AS unfinished
      FROM (SELECT DISTINCT network, user_class FROM piece
            WHERE network IS NOT NULL AND max_network_unfinished IS NOT NULL) AS source)
    INSERT INTO generations (id, order_id, variation, listener_key, owner_id, owner_name, model, model_version, seed,
                             length, parameters, prompt, title, title_language, remix_of, label, estimate, background,
                             turn, user_class, network)
    SELECT id, order_id, variation, piece.listener_key, owner_id, owner_name, model, model_version, seed,
           length, parameters, prompt, title, title_language, remix_of, label, estimate, piece.background,
           queue.turn + turn_offset, piece.user_class, piece.network
    FROM piece JOIN queue USING (listener_key, background) JOIN load USING (listener_key)
         LEFT JOIN network_load
           ON network_load.network = piece.network AND network_load.user_class = piece.user_class
    WHERE load.unfinished + count <= max_unfinished
      AND (max_network_unfinished IS NULL
           OR coalesce(network_load.unfinished, 0) + network_count <= max_network_unfinished)
    RETURNING *, false AS watched
""")

_UNFINISHED_OF_OWNERS = text("""
    SELECT owner.key, (SELECT count(*) FROM (SELECT FROM generations
                                             WHERE listener_key = owner.key AND status IN ('queued', 'running')
                                             LIMIT :at_most) AS counted) AS unfinished
    FROM unnest(CAST(:keys AS text[])) AS owner(key)
""")

_UNFINISHED_OF_NETWORKS = text("""
    SELECT source.network, source.user_class,
           (SELECT count(*) FROM (SELECT FROM generations
                                  WHERE network = source.network AND user_class = source.user_class
                                    AND status IN ('queued', 'running')
                                  LIMIT :at_most) AS counted) AS unfinished
    FROM unnest(CAST(:networks AS text[]), CAST(:classes AS text[])) AS source(network, user_class)
""")

_CLAIM = text("""
    WITH foreground AS (
      SELECT id FROM generations
      WHERE status = 'queued' AND NOT background AND turn >= (SELECT last_value FROM queue_floor)
        AND model || '@' || model_version = ANY(:models)
      ORDER BY turn, created_at LIMIT :count
      FOR UPDATE SKIP LOCKED),
    background AS (
      SELECT id FROM generations
      WHERE status = 'queued' AND background AND turn >= (SELECT last_value FROM background_queue_floor)
        AND model || '@' || model_version = ANY(:models)
      ORDER BY turn, created_at LIMIT :count - (SELECT count(*) FROM foreground)
      FOR UPDATE SKIP LOCKED),
    head AS (SELECT id FROM foreground UNION ALL SELECT id FROM background)
    UPDATE generations AS g
    SET status = 'running', attempt = g.attempt + 1, worker_id = :worker,
        lease_until = now() + :lease, started_at = coalesce(g.started_at, now())
    FROM head WHERE g.id = head.id
    RETURNING g.*, coalesce(g.watched_until > now(), false) AS watched
""")

# Every statement below that changes several rows locks them in the order of their ids first, so that two of them can
# wait for each other in one direction only. Claims skip locked rows instead, and so never wait.
_RENEW = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM generations WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE)
    UPDATE generations AS g
    SET lease_until = now() + :lease, steps = greatest(g.steps, claimed.steps)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:steps AS int[])) AS claimed(id, attempt, steps)
         JOIN locked USING (id)
    WHERE g.id = claimed.id AND g.attempt = claimed.attempt AND g.status = 'running'
    RETURNING g.id, g.cancel_requested, g.keep_partial, coalesce(g.watched_until > now(), false) AS watched
""")

_COMPLETE = text("""
    WITH done AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(CAST(:completions AS jsonb)) AS done(
        id uuid, attempt int, status text, steps int, midi_key text, midi_bytes int, song_id text, note_count int,
        duration_seconds float, measures jsonb, writer_version int)),
    locked AS MATERIALIZED (
      SELECT id FROM generations WHERE id IN (SELECT id FROM done) ORDER BY id FOR UPDATE)
    UPDATE generations AS g
    SET status = done.status, steps = done.steps, finished_at = now(), lease_until = NULL,
        listener_key = CASE WHEN g.owner_id IS NULL THEN 'anonymous' ELSE g.listener_key END, network = NULL,
        midi_key = done.midi_key,
        midi_bytes = done.midi_bytes, song_id = done.song_id, note_count = done.note_count,
        duration_seconds = done.duration_seconds, measures = done.measures, writer_version = done.writer_version
    FROM done JOIN locked USING (id)
    WHERE g.id = done.id AND g.attempt = done.attempt AND g.status = 'running'
    RETURNING g.*
""")

_END = text("""
    UPDATE generations
    SET status = :status, failure = :failure, finished_at = now(), lease_until = NULL,
        listener_key = CASE WHEN owner_id IS NULL THEN 'anonymous' ELSE listener_key END, network = NULL
    WHERE id = :id AND attempt = :attempt AND status = 'running'
    RETURNING *
""")

_HAND_BACK = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM generations WHERE worker_id = :worker AND status = 'running' ORDER BY id FOR UPDATE)
    UPDATE generations AS g SET status = 'queued', lease_until = NULL, worker_id = NULL
    FROM locked WHERE g.id = locked.id
    RETURNING g.id, g.turn, g.background
""")

_END_LEASES = text("""
    WITH locked AS MATERIALIZED (
      SELECT id FROM generations WHERE worker_id = :worker AND status = 'running' ORDER BY id FOR UPDATE)
    UPDATE generations AS g SET lease_until = now()
    FROM locked WHERE g.id = locked.id
""")

# `crashes` counts expired leases only: handing back at a planned stop does not count as a crash, nor does a lease that
# could not be renewed because PostgreSQL was away: then its worker did not die alone, and the piece is not the cause. A
# locked row is being renewed, finished or expired by another process at this moment.
_EXPIRE, _EXPIRE_RECENT = (
    text(f"""
        WITH expired AS MATERIALIZED (
          SELECT id, crashes + (CAST(:counts AS boolean)
                                AND pg_postmaster_start_time() < lease_until - CAST(:lease AS interval))::int AS crashed
          FROM generations
          WHERE status = 'running' AND lease_until < now() {condition}
          ORDER BY id FOR UPDATE SKIP LOCKED)
        UPDATE generations AS g
        SET crashes = crashed, lease_until = NULL, worker_id = NULL,
            status = CASE WHEN cancel_requested THEN 'cancelled'
                          WHEN crashed >= :max_attempts THEN 'failed' ELSE 'queued' END,
            listener_key = CASE WHEN owner_id IS NULL AND (cancel_requested OR crashed >= :max_attempts)
                                THEN 'anonymous' ELSE listener_key END,
            network = CASE WHEN NOT (cancel_requested OR crashed >= :max_attempts) THEN network END,
            failure = CASE WHEN NOT cancel_requested AND crashed >= :max_attempts THEN :failure END,
            finished_at = CASE WHEN cancel_requested OR crashed >= :max_attempts THEN now() END
        FROM expired WHERE g.id = expired.id
        RETURNING g.*
    """)  # noqa: S608 - of constants
    for condition in ("", "AND started_at > now() - CAST(:started_within AS interval)")
)

# The first `at_most` queued generations of each kind, from the queue's floor on; see storage.queue_bounds.
_QUEUED = """
      (SELECT id, background, turn, created_at, user_class FROM generations
       WHERE status = 'queued' AND NOT background AND turn >= (SELECT last_value FROM queue_floor)
       ORDER BY turn, created_at LIMIT :at_most)
      UNION ALL
      (SELECT id, background, turn, created_at, user_class FROM generations
       WHERE status = 'queued' AND background AND turn >= (SELECT last_value FROM background_queue_floor)
       ORDER BY turn, created_at LIMIT :at_most)
"""

_POSITIONS = text(f"""
    SELECT id, position
    FROM (SELECT id, row_number() OVER (ORDER BY background, turn, created_at) AS position
          FROM (
      {_QUEUED}
          ) AS queue) AS numbered
    WHERE id = ANY(CAST(:ids AS uuid[])) AND position <= :at_most
""")  # noqa: S608 - of constants

_COUNT = text(f"""
    SELECT user_class, count(*) FILTER (WHERE NOT background) AS foreground, count(*) AS everything
    FROM (
      {_QUEUED}
    ) AS queue GROUP BY user_class
""")  # noqa: S608 - of constants

# The patience is long, because a pool with the model may be scaled up for this very queue.
_FAIL_UNSERVED = text("""
    WITH unserved AS MATERIALIZED (
      SELECT id FROM generations
      WHERE status = 'queued' AND created_at < now() - CAST(:patience AS interval)
        AND NOT EXISTS (SELECT FROM workers WHERE model || '@' || model_version = ANY(workers.models))
      ORDER BY id FOR UPDATE SKIP LOCKED)
    UPDATE generations AS g
    SET status = 'failed', finished_at = now(),
        listener_key = CASE WHEN g.owner_id IS NULL THEN 'anonymous' ELSE g.listener_key END, network = NULL,
        failure = 'No worker has loaded the model ' || model || '@' || model_version || ' in time.'
    FROM unserved WHERE g.id = unserved.id
    RETURNING g.*
""")

_CANCEL = text("""
    UPDATE generations
    SET cancel_requested = true, keep_partial = :keep_partial,
        status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END,
        listener_key = CASE WHEN status = 'queued' AND owner_id IS NULL THEN 'anonymous' ELSE listener_key END,
        network = CASE WHEN status <> 'queued' THEN network END,
        finished_at = CASE WHEN status = 'queued' THEN now() END
    WHERE id = :id AND status IN ('queued', 'running')
    RETURNING *
""")


@dataclass(frozen=True, slots=True)
class RenewedLease:
    """What users have requested of the worker that composes a generation."""

    cancel_requested: bool
    keep_partial: bool
    watched: bool


@dataclass(frozen=True, slots=True)
class RowState:
    """What changes in a generation's row until it ends."""

    status: Status
    attempt: int
    steps: int


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of one attempt at a generation, with the piece that it produced."""

    generation: Generation
    status: Status
    piece: RenderedPiece
    song_id: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the values of the row, for JSON."""
        return {
            "id": str(self.generation.id),
            "attempt": self.generation.attempt,
            "status": self.status.value,
            "steps": self.piece.steps,
            "midi_key": self.piece.midi_key,
            "midi_bytes": len(self.piece.midi),
            "song_id": self.song_id,
            "note_count": self.piece.note_count,
            "duration_seconds": self.piece.duration_seconds,
            "measures": dict(self.piece.measures),
            "writer_version": self.piece.writer_version,
        }


def _highest_limit(admissions: Sequence[Admission]) -> int:
    return max(max(one.max_unfinished, one.max_unfinished_per_network or 0) for one in admissions)


class GenerationRepository:
    """The queue and its history."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def enqueue(self, admissions: Sequence[Admission]) -> list[list[Generation]]:
        """Add the pieces of orders to the queue.

        Returns the generations of each order; an empty list if its owner or network would exceed a limit of
        unfinished ones.
        """
        by_order = await self._insert(admissions)
        refused = [one for one in admissions if one.order.id not in by_order]
        # The counts of a batch include refused orders, so that there may be room for others after them.
        if refused and len(admissions) > 1 and (fitting := (await self._unfinished(refused)).fitting(refused)):
            by_order |= await self._insert(fitting)
        return [sorted(by_order.get(one.order.id, []), key=lambda each: each.variation) for one in admissions]

    async def _insert(self, admissions: Sequence[Admission]) -> dict[uuid.UUID, list[Generation]]:
        """Insert the pieces of the orders that stay within their limits; return them by order."""
        values = {"pieces": json.dumps(list(admission_rows(admissions))), "max_unfinished": _highest_limit(admissions)}
        by_order: dict[uuid.UUID, list[Generation]] = defaultdict(list)
        for generation in await self._all(_ENQUEUE, values):
            by_order[generation.order_id].append(generation)
        return dict(by_order)

    async def _unfinished(self, admissions: Sequence[Admission]) -> UnfinishedCounts:
        """Count the unfinished generations of the owners and their networks, up to the highest limit."""
        at_most = _highest_limit(admissions)
        keys = sorted({one.owner.key for one in admissions})
        sources = sorted({(one.owner.network, one.owner.user_class.value) for one in admissions if one.owner.network})
        owners = await self._session.execute(_UNFINISHED_OF_OWNERS, {"keys": keys, "at_most": at_most})
        values = {
            "networks": [network for network, _ in sources],
            "classes": [user_class for _, user_class in sources],
            "at_most": at_most,
        }
        networks = await self._session.execute(_UNFINISHED_OF_NETWORKS, values)
        return UnfinishedCounts(
            {row.key: row.unfinished for row in owners},
            {(row.network, row.user_class): row.unfinished for row in networks},
        )

    async def get(self, generation_id: uuid.UUID) -> Generation | None:
        """Return a generation."""
        return await self._one_or_none(select(_TABLE).where(_TABLE.c.id == generation_id), {})

    async def list_order(self, order_id: uuid.UUID) -> list[Generation]:
        """Return the generations of an order, by variation."""
        return await self._all(select(_TABLE).where(_TABLE.c.order_id == order_id).order_by(_TABLE.c.variation), {})

    async def states(self, generation_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, RowState]:
        """Return the states of generations by id."""
        columns = (_TABLE.c.id, _TABLE.c.status, _TABLE.c.attempt, _TABLE.c.steps)
        rows = await self._session.execute(select(*columns).where(_TABLE.c.id.in_(generation_ids)))
        return {row.id: RowState(Status(row.status), row.attempt, row.steps) for row in rows}

    async def positions(self, generation_ids: Sequence[uuid.UUID], *, at_most: int) -> dict[uuid.UUID, int]:
        """Return the positions in the queue, counted from 1, of those among the first `at_most`."""
        rows = await self._session.execute(_POSITIONS, {"ids": list(generation_ids), "at_most": at_most})
        found: dict[uuid.UUID, int] = dict(rows.all())
        return found

    async def of_owner(self, owner: Owner, *, after: uuid.UUID | None, limit: int) -> list[Generation]:
        """Return an owner's generations by id, those after `after`."""
        statement = select(_TABLE).where(_TABLE.c.listener_key == owner.key).order_by(_TABLE.c.id).limit(limit)
        return await self._all(statement if after is None else statement.where(_TABLE.c.id > after), {})

    async def count_before(self, generation: Generation, *, at_most: int) -> int:
        """Count the queued generations before this one, up to `at_most`."""
        order = (_TABLE.c.background, _TABLE.c.turn, _TABLE.c.created_at)
        before = tuple_(*order) < select(*order).where(_TABLE.c.id == generation.id).scalar_subquery()
        limited = select(_TABLE.c.id).where(_TABLE.c.status == "queued", before).limit(at_most).subquery()
        return int(await self._session.scalar(select(func.count()).select_from(limited)) or 0)

    async def count_queued(self, *, at_most: int) -> QueueDepth:
        """Count the queued generations of the deployment, up to `at_most` foreground and as many background ones."""
        counts = (await self._session.execute(_COUNT, {"at_most": at_most})).all()
        rows = [(UserClass(row.user_class), row.foreground, row.everything) for row in counts]
        return QueueDepth({one: number for one, number, _ in rows}, {one: number for one, _, number in rows})

    async def claim(self, *, worker: str, models: Sequence[str], count: int, lease: timedelta) -> list[Generation]:
        """Claim up to `count` generations from the head of the queue, skipping rows locked by other claims."""
        values = {"worker": worker, "models": list(models), "count": count, "lease": lease}
        return await self._all(_CLAIM, values)

    async def renew(
        self, claimed: Iterable[tuple[uuid.UUID, int, int]], *, lease: timedelta
    ) -> dict[uuid.UUID, RenewedLease]:
        """Extend the leases of (id, attempt, steps). Generations missing in the result are no longer the worker's."""
        ids, attempts, steps = zip(*claimed, strict=True)
        values = {"ids": list(ids), "attempts": list(attempts), "steps": list(steps), "lease": lease}
        rows = (await self._session.execute(_RENEW, values)).mappings()
        return {row["id"]: RenewedLease(row["cancel_requested"], row["keep_partial"], row["watched"]) for row in rows}

    async def complete(self, completions: Sequence[Completion]) -> dict[uuid.UUID, Generation]:
        """Record pieces in one statement. Generations missing in the result have had another attempt meanwhile."""
        values = {"completions": json.dumps([completion.to_dict() for completion in completions])}
        return {generation.id: generation for generation in await self._all(_COMPLETE, values)}

    async def end(self, generation: Generation, status: Status, failure: str | None = None) -> Generation | None:
        """End an attempt without a piece; returns None if it is not the current attempt."""
        values = {"id": generation.id, "attempt": generation.attempt, "status": status.value, "failure": failure}
        return await self._one_or_none(_END, values)

    async def hand_back(self, worker: str) -> list[uuid.UUID]:
        """Return everything that a worker has claimed to the queue, without waiting for the leases to expire."""
        rows = (await self._session.execute(_HAND_BACK, {"worker": worker})).all()
        await self._lower_floors([(row.turn, row.background) for row in rows])
        return [row.id for row in rows]

    async def end_leases(self, worker: str) -> None:
        """End the leases that a worker held when it crashed, so that `expire_leases` finds them at once."""
        await self._session.execute(_END_LEASES, {"worker": worker})

    async def expire_leases(
        self,
        *,
        max_attempts: int,
        failure: str,
        lease: timedelta,
        counts: bool = True,
        started_within: timedelta | None = None,
    ) -> list[Generation]:
        """Requeue generations whose lease has expired; those with `max_attempts` crashes fail.

        An expired lease of duration `lease` counts as a crash only if `counts`, and if PostgreSQL has run since its
        last renewal. With `started_within`, only generations that were first claimed so lately are read.
        """
        values: dict[str, Any] = {"max_attempts": max_attempts, "failure": failure, "lease": lease, "counts": counts}
        if started_within is None:
            found = await self._session.execute(_EXPIRE, values)
        else:
            found = await self._session.execute(_EXPIRE_RECENT, values | {"started_within": started_within})
        rows = found.mappings().all()
        queued = [(row["turn"], row["background"]) for row in rows if row["status"] == Status.QUEUED.value]
        await self._lower_floors(queued)
        return [_generation(row) for row in rows]

    async def fail_unserved(self, *, patience: timedelta) -> list[Generation]:
        """Fail generations that have waited longer than `patience` for a model that no worker has loaded."""
        return await self._all(_FAIL_UNSERVED, {"patience": patience})

    async def cancel(self, generation_id: uuid.UUID, *, keep_partial: bool = False) -> Generation | None:
        """Cancel a queued generation, or request it of a running one's worker; returns None if it has ended.

        With `keep_partial` the events composed so far become a piece.
        """
        return await self._one_or_none(_CANCEL, {"id": generation_id, "keep_partial": keep_partial})

    async def _lower_floors(self, requeued: Sequence[tuple[int, bool]]) -> None:
        for background in {one for _, one in requeued}:
            lowest = min(turn for turn, one in requeued if one is background)
            await QueueBoundsRepository(self._session).lower_floor(lowest, background=background)

    async def _all(self, statement: Any, values: Mapping[str, Any]) -> list[Generation]:
        return [_generation(row) for row in (await self._session.execute(statement, values)).mappings()]

    async def _one_or_none(self, statement: Any, values: Mapping[str, Any]) -> Generation | None:
        row = (await self._session.execute(statement, values)).mappings().one_or_none()
        return None if row is None else _generation(row)


def _generation(row: RowMapping) -> Generation:
    # A prompt of a newer version must not make the row unreadable: it is listed, and fails when it is claimed.
    prompt, unreadable = None, None
    try:
        prompt = None if row["prompt"] is None else Prompt.from_dict(row["prompt"])
    except ValueError as error:
        unreadable = str(error)
    return Generation(
        id=row["id"],
        order_id=row["order_id"],
        variation=row["variation"],
        owner=Owner(
            id=row["owner_id"],
            name=row["owner_name"],
            key=row["listener_key"],
            user_class=UserClass(row["user_class"]),
            network=row["network"] or "",
        ),
        model=row["model"],
        model_version=row["model_version"],
        seed=row["seed"],
        length=row["length"],
        parameters=row["parameters"],
        prompt=prompt,
        unreadable=unreadable,
        title=row["title"],
        title_language=row["title_language"],
        remix_of=row["remix_of"],
        label=row["label"],
        estimate=None if row["estimate"] is None else Estimate(**row["estimate"]),
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
        writer_version=row["writer_version"],
    )
