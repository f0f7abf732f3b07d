"""Limit of the progress streams that one user, or one network without accounts, has open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from euterpe_generator.domain.generation import Owner, UserClass
from euterpe_generator.errors import TooManyStreams


class StreamSlots:
    """Counts open streams by principal."""

    def __init__(self, *, per_user: int, anonymous: int) -> None:
        self._per_user = per_user
        self._anonymous = anonymous
        self._open: Counter[str] = Counter()

    @contextmanager
    def occupy(self, owner: Owner) -> Iterator[None]:
        """Count a stream while it is open. Raises TooManyStreams."""
        limit = self._anonymous if owner.user_class is UserClass.ANONYMOUS else self._per_user
        if self._open[owner.key] >= limit:
            raise TooManyStreams(limit)
        self._open[owner.key] += 1
        try:
            yield
        finally:
            self._open[owner.key] -= 1
            if not self._open[owner.key]:
                del self._open[owner.key]
