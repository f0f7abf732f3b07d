"""What a page transfers."""

from typing import Any

from playwright.sync_api import Page

#: The largest transfer of a first visit to the home page, without the synthesiser, in kilobytes.
MAX_FIRST_VISIT_KB = 180


class Transfer:
    """Counts the bytes, with headers, that a page receives from now on."""

    def __init__(self, page: Page) -> None:
        self._bytes = 0
        self._page = page
        session = page.context.new_cdp_session(page)
        session.on("Network.loadingFinished", self._count)
        session.send("Network.enable")

    @property
    def kilobytes(self) -> float:
        """The kilobytes so far."""
        return self._bytes / 1000

    def settle(self) -> None:
        """Wait until nothing has arrived for a second."""
        before = -1
        while before != self._bytes:
            before = self._bytes
            self._page.wait_for_timeout(1_000)

    def _count(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])
