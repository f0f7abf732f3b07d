"""Refusal of requests whose pieces have no room in the user's library."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog
from euterpe_service_kit.errors import ServiceError

from euterpe_generator.clients.library import LibraryClient
from euterpe_generator.domain.generation import Owner, UserClass
from euterpe_generator.domain.library_usage import LibraryUsage
from euterpe_generator.errors import StorageFull

log = structlog.get_logger(__name__)

#: How long an answer of the library is used; that of a full one is short-lived, so that deleting songs helps at once.
_FRESH_SECONDS: Final = 60.0
_FULL_FRESH_SECONDS: Final = 2.0
#: How long a library that has not answered is not asked again.
_OUTAGE_SECONDS: Final = 5.0
_MAX_KNOWN: Final = 10_000


class StorageQuota:
    """Checks users' libraries when they request pieces: what was accepted is always stored.

    The answer may be a minute old, so a library can exceed its quota by what is requested meanwhile.
    """

    def __init__(self, library: LibraryClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._library = library
        self._clock = clock
        self._not_before = 0.0
        self._known: OrderedDict[str, tuple[float, LibraryUsage]] = OrderedDict()

    async def check(self, owner: Owner, pieces: int) -> None:
        """Raise StorageFull if the user's library has no room for so many pieces.

        A library that does not answer accepts everything: pieces are more important than quotas.
        """
        if owner.id is None:
            return
        usage = await self._usage(owner)
        if usage is not None and not usage.has_room(pieces):
            raise StorageFull(usage, is_guest=owner.user_class is UserClass.GUEST)
        if usage is not None:
            # Until the library is asked again, these pieces count.
            asked_at, _ = self._known[owner.key]
            self._known[owner.key] = (asked_at, replace(usage, songs=usage.songs + pieces))

    def known(self, owner: Owner) -> LibraryUsage | None:
        """Return what is known of a user's library with the pieces that were requested since, without asking it."""
        return self._known.get(owner.key, (0.0, None))[1]

    async def _usage(self, owner: Owner) -> LibraryUsage | None:
        now = self._clock()
        asked_at, usage = self._known.get(owner.key, (0.0, None))
        if usage is not None and now - asked_at < (_FRESH_SECONDS if usage.has_room(1) else _FULL_FRESH_SECONDS):
            return usage
        if now < self._not_before:
            return None
        try:
            usage = await self._library.usage(owner)
        except ServiceError as error:
            self._not_before = self._clock() + _OUTAGE_SECONDS
            log.warning("storage_quota_unknown", detail=error.detail)
            return None
        self._known[owner.key] = (now, usage)
        self._known.move_to_end(owner.key)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return usage
