"""Fixtures of tests on the whole product."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.product import Product, RunningProduct
from tests.e2e.shared_products import SharedProducts, shared_address

pytestmark = pytest.mark.e2e

_SHARED = SharedProducts({"product": Product})


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the shared product before the first process of `pytest -n`."""
    _SHARED.start_for(node)


def pytest_sessionfinish() -> None:
    """Stop the shared product."""
    _SHARED.stop()


@pytest.fixture(scope="session")
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product shared by all tests that do not stop it. In the end, its logs must contain no secret that was used."""
    shared = shared_address(request.config, "product")
    product = RunningProduct(shared) if shared else Product(tmp_path_factory.mktemp("product"))
    if not shared:
        product.start()
    yield product
    if not shared:
        product.stop()
    product.recorder.add(product.secrets())
    assert not product.recorder.find_in(product.data / "logs")


@pytest.fixture
def own_product(tmp_path: Path) -> Iterator[Product]:
    """A product that a test may stop and break."""
    product = Product(tmp_path)
    yield product
    if product.is_running():
        product.stop()


@pytest.fixture
def user(product: Product) -> Iterator[httpx.Client]:
    """A client of a new user, logged in."""
    with product.log_in_new_user() as client:
        yield client


@pytest.fixture
def anonymous(product: Product) -> Iterator[httpx.Client]:
    """A client without an account."""
    with product.client() as client:
        yield client


@pytest.fixture(scope="module")
def max_length(product: Product) -> int:
    """The maximum length of a piece of the model that composes requests with a length."""
    with product.client() as client:
        models = client.get("/models").json()["items"]
    (model,) = [model for model in models if model["name"] == "crnngan-euterpe"]
    return int(model["length"]["maximum"])
