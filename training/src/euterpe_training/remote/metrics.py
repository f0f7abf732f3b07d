"""Prometheus metrics of a run, served by the run itself as long as it lasts."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from euterpe_training.remote.records import last_change, numbers, read_records

PHASES: Final = ("download", "train", "export", "publish", "evaluate")


class RunMetrics:
    """Phase, progress, losses and uploads of a run in a directory."""

    def __init__(self, run: Path) -> None:
        self.registry = CollectorRegistry()
        self._run = run
        self._phase = Gauge("euterpe_training_phase", "1 for the current step.", ["phase"], registry=self.registry)
        self._uploaded = Gauge(
            "euterpe_training_upload_timestamp_seconds", "Time of the last complete upload.", registry=self.registry
        )
        self._failures = Counter(
            "euterpe_training_upload_failures", "Uploads of checkpoints that failed.", registry=self.registry
        )
        self._started = time.time()
        self.registry.register(_RunCollector(self))
        self.enter("download")

    def enter(self, phase: str) -> None:
        """Begin a step, which counts as progress."""
        self._started = time.time()
        for each in PHASES:
            self._phase.labels(each).set(each == phase)

    def uploaded(self) -> None:
        """Record a complete upload."""
        self._uploaded.set_to_current_time()

    def upload_failed(self) -> None:
        """Count a failed upload."""
        self._failures.inc()

    def serve(self, port: int) -> None:
        """Serve /metrics in a thread."""
        start_http_server(port, registry=self.registry)

    def progress(self) -> float:
        """Return when something was last achieved: a step has begun, or the trainer has written a file."""
        return max(self._started, last_change(self._run))

    def values(self) -> dict[str, float]:
        """Return the numbers of the last record."""
        records = read_records(self._run)
        return numbers(records[-1]) if records else {}


class _RunCollector(Collector):
    def __init__(self, metrics: RunMetrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Read the run's directory at each scrape."""
        yield GaugeMetricFamily(
            "euterpe_training_progress_timestamp_seconds",
            "Time of the last progress: a step has begun, or the trainer has written a file.",
            value=self._metrics.progress(),
        )
        gauge = GaugeMetricFamily(
            "euterpe_training_value", "Numbers of the last record of the history.", labels=["name"]
        )
        for name, value in self._metrics.values().items():
            gauge.add_metric([name], value)
        yield gauge
