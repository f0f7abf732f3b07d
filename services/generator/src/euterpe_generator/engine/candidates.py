"""Requests for the best of several candidates: each is composed as a request of its own, and the best one is kept."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from euterpe_generator.engine.request import Advanced, Cancelled, Failed, Finished, Request, Started, Update


@dataclass(slots=True)
class _Group:
    """The candidates of a request that have not ended, and what the others ended with."""

    id: str
    open: set[str]
    is_started: bool = False
    is_over: bool = False
    finished: list[Finished] = field(default_factory=list)
    cancelled: list[Cancelled] = field(default_factory=list)


class Candidates:
    """Splits requests into candidates, and merges their updates. Requests for one candidate pass unchanged."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._group_of: dict[str, _Group] = {}

    def split(self, request: Request) -> list[Request]:
        """Return a request per candidate; the first one has the request's own seed."""
        if request.candidates == 1:
            return [request]
        members = [
            replace(request, id=f"{request.id}#{number}", seed=_seed(request.seed, number), candidates=1)
            for number in range(request.candidates)
        ]
        group = _Group(request.id, {member.id for member in members})
        self._groups[request.id] = group
        self._group_of |= {member.id: group for member in members}
        return members

    def members(self, request_id: str) -> list[str] | None:
        """Return the candidates of a request that have not ended; None for a request without candidates."""
        group = self._groups.get(request_id)
        return None if group is None else sorted(group.open)

    def merge_progress(self, steps: dict[str, int]) -> dict[str, int]:
        """Return the steps done by request: of candidates, the fewest."""
        merged: dict[str, int] = {}
        for request_id, done in steps.items():
            group = self._group_of.get(request_id)
            name = request_id if group is None else group.id
            merged[name] = min(done, merged.get(name, done))
        return merged

    def merge(self, updates: Iterable[Update], cancel: Callable[[str], list[Update]]) -> list[Update]:
        """Return the updates by request. The first failure ends a request; its other candidates are cancelled."""
        merged: list[Update] = []
        for update in updates:
            group = self._group_of.get(update.id)
            merged += [update] if group is None else self._take(group, update, cancel)
        return merged

    def _take(self, group: _Group, update: Update, cancel: Callable[[str], list[Update]]) -> list[Update]:
        match update:
            case Started():
                is_first, group.is_started = not group.is_started, True
                return [Started(group.id)] if is_first else []
            case Advanced():
                return []
            case Finished():
                group.finished.append(update)
            case Cancelled():
                group.cancelled.append(update)
            case Failed():
                pass
        group.open.discard(update.id)
        del self._group_of[update.id]
        ended: list[Update] = []
        if isinstance(update, Failed) and not group.is_over:
            group.is_over = True
            ended.append(Failed(group.id, update.reason))
            for member in sorted(group.open):
                self.merge(cancel(member), cancel)
        if not group.open:
            if not group.is_over:
                ended.append(_outcome(group))
            self._groups.pop(group.id, None)
        return ended


def _outcome(group: _Group) -> Update:
    best = max(group.finished, key=lambda one: (one.score, -_number(one.id)), default=None)
    if not group.cancelled and best is not None:
        return replace(best, id=group.id)
    first = best or min(group.cancelled, key=lambda one: _number(one.id))
    return Cancelled(group.id, first.events)


def _number(member: str) -> int:
    return int(member.rpartition("#")[2])


def _seed(seed: int, number: int) -> int:
    if not number:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}#{number}".encode()).digest()[:8]) >> 11
