"""Crashes are counted only while sweeps are regular: a piece does not cause an outage of the database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from unittest.mock import create_autospec

import pytest
import pytest_asyncio
from euterpe_generator.metrics import Metrics
from euterpe_generator.models.catalogue import Catalogue
from euterpe_generator.storage.changes import ChangeFeed
from euterpe_generator.worker.sweeping import Sweeper
from euterpe_generator.worker.throughput import ThroughputMeter
from euterpe_service_kit.database import Database
from prometheus_client import CollectorRegistry


class Clock:
    """A clock that tests advance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, schema="generator")
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sweeper(database: Database, clock: Clock) -> Sweeper:
    catalogue = create_autospec(Catalogue, instance=True)
    catalogue.loaded.return_value = ["tiny@1"]
    throughput = create_autospec(ThroughputMeter, instance=True)
    throughput.per_second.return_value = 0.0
    return Sweeper(
        database,
        create_autospec(ChangeFeed, instance=True),
        catalogue,
        Metrics(CollectorRegistry()),
        throughput,
        worker_id="w1",
        max_attempts=3,
        lease=timedelta(seconds=10),
        model_patience=timedelta(hours=1),
        clock=clock,
    )


async def test_leases_that_expire_during_an_outage_are_not_crashes(sweeper: Sweeper, clock: Clock) -> None:
    # A process that has just started counts: the crashes of a single worker are found by its next start.
    assert sweeper._sweeps_regularly()
    await sweeper.sweep()
    counted = []
    for pause in (1, 1, 20, 1, 1, 1, 1):
        clock.now += pause
        counted.append(sweeper._sweeps_regularly())
        await sweeper.sweep()
    assert counted == [True, True, False, False, False, True, True]


async def test_a_slow_sweep_is_no_outage(sweeper: Sweeper, clock: Clock) -> None:
    await sweeper.sweep()
    clock.now += 4.9
    assert sweeper._sweeps_regularly()
