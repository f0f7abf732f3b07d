"""The engine's waiting room: first in, first out within a listener, and listeners take turns."""

from collections import OrderedDict, deque
from collections.abc import Iterator

from euterpe_generator.engine.request import Request


class FairQueue:
    """Round-robin over the listeners who have requests waiting."""

    def __init__(self) -> None:
        self._by_listener: OrderedDict[str, deque[Request]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Request]:
        return (request for waiting in self._by_listener.values() for request in waiting)

    def push(self, request: Request) -> None:
        """Adds a request at the end of its listener's line."""
        self._by_listener.setdefault(request.listener, deque()).append(request)
        self._size += 1

    def pop(self) -> Request:
        """Takes the next request; its listener goes to the end of the round. Raises IndexError when empty."""
        if not self._by_listener:
            raise IndexError("pop from an empty queue")
        listener, waiting = self._by_listener.popitem(last=False)
        request = waiting.popleft()
        if waiting:
            self._by_listener[listener] = waiting
        self._size -= 1
        return request

    def remove(self, request_id: str) -> bool:
        """Takes a request out of its line, wherever it stands; False when it is not here."""
        for listener, waiting in self._by_listener.items():
            for request in waiting:
                if request.id == request_id:
                    waiting.remove(request)
                    if not waiting:
                        del self._by_listener[listener]
                    self._size -= 1
                    return True
        return False
