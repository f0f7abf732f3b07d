"""The chart, rendered by Helm itself."""

from collections.abc import Iterator

import helm_python as helm
import pytest

from tests.deploy.rendering import CHART, Object, Render, merge, objects, secrets_named


@pytest.fixture(scope="session")
def chart() -> Iterator[helm.Chart]:
    """The loaded chart."""
    with helm.Chart.load(CHART) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def render(chart: helm.Chart) -> Render:
    """Renders the chart with values over `secrets_named()`; `bare=True` leaves those out."""

    def rendered(
        values: Object | None = None, *, bare: bool = False, upgrade: bool = False, name: str = "euterpe"
    ) -> list[Object]:
        merged = merge({} if bare else secrets_named(), values or {})
        return objects(chart.render(merged, name=name, namespace="music", is_install=not upgrade, is_upgrade=upgrade))

    return rendered
