import pytest
from euterpe_generator.worker.throughput import ThroughputMeter


def test_the_throughput_covers_the_last_ten_seconds() -> None:
    now = [100.0]
    meter = ThroughputMeter(lambda: now[0])
    assert meter.per_second() == 0
    for _ in range(30):
        now[0] += 0.5
        meter.record()
    assert meter.per_second() == pytest.approx(2, abs=0.2)
    now[0] += 5
    assert meter.per_second() == pytest.approx(1, abs=0.2)
    now[0] += 10
    assert meter.per_second() == 0


def test_the_first_second_is_not_extrapolated() -> None:
    now = [100.0]
    meter = ThroughputMeter(lambda: now[0])
    now[0] += 0.1
    meter.record()
    assert meter.per_second() == 1
