"""Products that all processes of `pytest -n` share, as a start takes ten seconds of processor time."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product

Make = Callable[[Path], Product]


class SharedProducts:
    """Starts products, by name, before the first process of `pytest -n`, and stops them in the end.

    The processes find the addresses in their `workerinput`. Without `-n`, the only process starts what its tests need.
    """

    def __init__(self, makers: Mapping[str, Make]) -> None:
        self._makers = makers
        self._started: dict[str, Product] = {}

    def start_for(self, node: Any) -> None:
        """Start the products, unless that was done for another node, and give a node their addresses."""
        if not self._started:
            self._started = {
                name: make(Path(tempfile.mkdtemp(prefix=f"euterpe-{name}-"))) for name, make in self._makers.items()
            }
            try:
                for product in self._started.values():
                    product.start()
            except BaseException:
                self.stop()  # pytest does not end a session that did not begin
                raise
        node.workerinput["products"] = {name: product.address for name, product in self._started.items()}

    def stop(self) -> None:
        """Stop the started products and remove their files."""
        for product in self._started.values():
            if product.is_running():
                product.stop()
            shutil.rmtree(product.data.parent, ignore_errors=True)
        self._started = {}


def shared_address(config: pytest.Config, name: str) -> dict[str, Any] | None:
    """Return the address of a shared product, or None if this process is the only one."""
    products: dict[str, Any] = getattr(config, "workerinput", {}).get("products", {})
    return products.get(name)
