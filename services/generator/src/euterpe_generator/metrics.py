"""Prometheus metrics of the generator, named like those of common inference servers."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from euterpe_generator.domain.generation import Generation, Status
from euterpe_generator.engine.scheduler import Scheduler

_PREFIX = "euterpe_generator"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The generator's counters, gauges and histograms."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

        def histogram(name: str, text: str, labels: tuple[str, ...] = ()) -> Histogram:
            return Histogram(f"{_PREFIX}_{name}_seconds", text, labels, buckets=_BUCKETS, registry=registry)

        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"{_PREFIX}_{name}_total", text, labels, registry=registry)

        self._queue_time = histogram("request_queue_time", "Time from the request to the first claim.")
        self._latency = histogram("e2e_request_latency", "Time from the request to the end.", ("model", "version"))
        self._first_notes = histogram("time_to_first_notes", "Time from the claim to the first notes, if watched.")
        self._load_time = histogram("model_load", "Time to load and test a model.")
        self._success = counter(
            "request_success",
            "Generations that ended with a piece, by reason.",
            ("model", "version", "reason"),
        )
        self._failure = counter(
            "request_failure", "Generations that ended without a piece, by reason.", ("model", "version", "reason")
        )
        self._leases = counter("lease_expiries", "Expired leases of workers that stopped renewing them.")
        self._retries = counter("retries", "Claims of generations that had been claimed before.")
        self._load_failures = counter("model_load_failures", "Model bundles that could not be loaded.")
        self._catalogue_failures = counter("catalogue_failures", "Catalogue files that could not be read.")
        self._removed_objects = counter(
            "objects_removed", "Stored pieces that were removed, by reason: expired, orphan.", ("reason",)
        )
        self._depth = Gauge(
            f"{_PREFIX}_queue_depth", "Queued generations of the deployment, updated once a second.", registry=registry
        )
        self._models = Gauge(
            f"{_PREFIX}_model_info", "Loaded models.", ("model", "version", "provider"), registry=registry
        )

    def watch_schedulers(self, schedulers: Callable[[], Mapping[str, Scheduler]]) -> None:
        """Collect the engine's load and counts from its schedulers at each scrape."""
        self._registry.register(_EngineCollector(schedulers))

    def watch_shares(self, shares: Callable[[], Mapping[str, float]]) -> None:
        """Collect the shares of versions, by `name@version`, at each scrape."""
        self._registry.register(_ShareCollector(shares))

    def queue_depth(self, queued: int) -> None:
        """Set the length of the queue."""
        self._depth.set(queued)

    def claimed(self, generation: Generation) -> None:
        """Observe the queue time of a generation at its first claim, and count later claims as retries."""
        if generation.attempt > 1:
            self._retries.inc()
        elif generation.started_at is not None:
            self._queue_time.observe((generation.started_at - generation.created_at).total_seconds())

    def first_notes(self, seconds: float) -> None:
        """Observe the time from the claim to the first notes."""
        self._first_notes.observe(seconds)

    def ended(self, generation: Generation) -> None:
        """Count a generation that ended in this process."""
        if generation.midi_key is not None:
            reason = "stopped" if generation.status is Status.CANCELLED else "finished"
            self._success.labels(generation.model, generation.model_version, reason).inc()
        else:
            self._failure.labels(generation.model, generation.model_version, generation.status.value).inc()
        if generation.finished_at is not None:
            seconds = (generation.finished_at - generation.created_at).total_seconds()
            self._latency.labels(generation.model, generation.model_version).observe(seconds)

    def lease_expired(self, generation: Generation) -> None:
        """Count an expired lease, and the end of a generation that failed because of it."""
        self._leases.inc()
        if generation.status.ended:
            self.ended(generation)

    def model_loaded(self, name: str, version: str, provider: str, seconds: float) -> None:
        """Count a loaded model."""
        self._models.labels(name, version, provider).set(1)
        self._load_time.observe(seconds)

    def objects_removed(self, reason: str, count: int) -> None:
        """Count removed objects by reason: expired, orphan."""
        self._removed_objects.labels(reason).inc(count)

    def model_rejected(self) -> None:
        """Count a bundle that could not be loaded."""
        self._load_failures.inc()

    def catalogue_rejected(self) -> None:
        """Count a catalogue file that could not be read."""
        self._catalogue_failures.inc()


class _ShareCollector(Collector):
    """Reads the shares at the time of the scrape, so that unloaded versions have none."""

    def __init__(self, shares: Callable[[], Mapping[str, float]]) -> None:
        self._shares = shares

    def collect(self) -> Iterable[Metric]:
        """Yield one sample per version."""
        text = "Share of a version of the requests for its model."
        gauge = GaugeMetricFamily(f"{_PREFIX}_model_share", text, labels=["model", "version"])
        for key, share in self._shares().items():
            gauge.add_metric(key.split("@"), share)
        yield gauge


class _EngineCollector(Collector):
    """Reads the schedulers at the time of the scrape."""

    def __init__(self, schedulers: Callable[[], Mapping[str, Scheduler]]) -> None:
        self._schedulers = schedulers

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics, one sample per model."""
        gauges: dict[str, tuple[str, Callable[[Scheduler], int]]] = {
            "num_requests_running": ("Requests that have a slot.", lambda one: one.running),
            "num_requests_waiting": ("Claimed requests that wait for a slot.", lambda one: one.waiting),
            "slots": ("Maximum number of running requests.", lambda one: one.slots),
        }
        counters: dict[str, tuple[str, Callable[[Scheduler], int]]] = {
            "executions": ("Calls of the network.", lambda one: one.executions),
            "inferences": (
                "Rows over all calls; divided by executions, the batch size.",
                lambda one: one.inferences,
            ),
            "steps": ("Events composed, including those discarded after the end of a piece.", lambda one: one.steps),
        }
        schedulers = self._schedulers()
        for name, (text, read) in gauges.items():
            gauge = GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=["model"])
            for key, scheduler in schedulers.items():
                gauge.add_metric([key], read(scheduler))
            yield gauge
        for name, (text, read) in counters.items():
            counter = CounterMetricFamily(f"{_PREFIX}_{name}", text, labels=["model"])
            for key, scheduler in schedulers.items():
                counter.add_metric([key], read(scheduler))
            yield counter
