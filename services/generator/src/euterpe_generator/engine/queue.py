"""The engine's queue: first in, first out per owner, round-robin between owners."""

from collections import OrderedDict, deque
from collections.abc import Iterator

from euterpe_generator.engine.request import Request


class FairQueue:
    """Round-robin over the owners of waiting requests."""

    def __init__(self) -> None:
        self._by_owner: OrderedDict[str, deque[Request]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Request]:
        return (request for waiting in self._by_owner.values() for request in waiting)

    def push(self, request: Request) -> None:
        """Append a request to its owner's requests."""
        self._by_owner.setdefault(request.owner, deque()).append(request)
        self._size += 1

    def pop(self) -> Request:
        """Remove the next request and move its owner to the end of the round. Raises IndexError when empty."""
        if not self._by_owner:
            raise IndexError("pop from an empty queue")
        owner, waiting = self._by_owner.popitem(last=False)
        request = waiting.popleft()
        if waiting:
            self._by_owner[owner] = waiting
        self._size -= 1
        return request

    def remove(self, request_id: str) -> bool:
        """Remove a request from any position; return whether it was found."""
        for owner, waiting in self._by_owner.items():
            for request in waiting:
                if request.id == request_id:
                    waiting.remove(request)
                    if not waiting:
                        del self._by_owner[owner]
                    self._size -= 1
                    return True
        return False
