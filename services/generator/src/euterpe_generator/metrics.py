"""What the generator tells Prometheus, under names that operators of inference servers look for."""

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

        self._queue_time = histogram("request_queue_time", "Time from the order to the first claim.")
        self._latency = histogram("e2e_request_latency", "Time from the order to the end.", ("model",))
        self._first_notes = histogram("time_to_first_notes", "Time from the start to the first notes told.")
        self._load_time = histogram("model_load", "Time to load a model and test it.")
        self._success = counter(
            "request_success", "Generations that ended with a piece, by reason.", ("model", "reason")
        )
        self._failure = counter(
            "request_failure", "Generations that ended without one, by reason.", ("model", "reason")
        )
        self._leases = counter("lease_expiries", "Leases of dead workers that ran out.")
        self._retries = counter("retries", "Claims of generations that had been claimed before.")
        self._refused = counter("model_load_failures", "Bundles that were refused.")
        self._depth = Gauge(
            f"{_PREFIX}_queue_depth", "Generations queued in the deployment, as of the last look.", registry=registry
        )
        self._models = Gauge(
            f"{_PREFIX}_model_info", "Models that were loaded.", ("model", "version", "provider"), registry=registry
        )

    def watch_schedulers(self, schedulers: Callable[[], Mapping[str, Scheduler]]) -> None:
        """Reads the engine's load and counts from its schedulers at each scrape."""
        self._registry.register(_EngineCollector(schedulers))

    def queue_depth(self, queued: int) -> None:
        """Says how long the queue is."""
        self._depth.set(queued)

    def claimed(self, generation: Generation) -> None:
        """Counts a generation's time in the queue at its first claim, and later claims as retries."""
        if generation.attempt > 1:
            self._retries.inc()
        elif generation.started_at is not None:
            self._queue_time.observe((generation.started_at - generation.created_at).total_seconds())

    def first_notes(self, seconds: float) -> None:
        """Counts the time from a piece's start to its first notes told."""
        self._first_notes.observe(seconds)

    def ended(self, generation: Generation) -> None:
        """Counts a generation that ended here."""
        if generation.midi_key is not None:
            reason = "stopped" if generation.status is Status.CANCELLED else "finished"
            self._success.labels(generation.model, reason).inc()
        else:
            self._failure.labels(generation.model, generation.status.value).inc()
        if generation.finished_at is not None:
            seconds = (generation.finished_at - generation.created_at).total_seconds()
            self._latency.labels(generation.model).observe(seconds)

    def lease_expired(self, generation: Generation) -> None:
        """Counts a lease that ran out, and the end of a generation that was given up for it."""
        self._leases.inc()
        if generation.status.ended:
            self.ended(generation)

    def model_loaded(self, name: str, version: str, provider: str, seconds: float) -> None:
        """Counts a model that was loaded."""
        self._models.labels(name, version, provider).set(1)
        self._load_time.observe(seconds)

    def model_refused(self) -> None:
        """Counts a bundle that was refused."""
        self._refused.inc()


class _EngineCollector(Collector):
    """The engine's state as of the scrape."""

    def __init__(self, schedulers: Callable[[], Mapping[str, Scheduler]]) -> None:
        self._schedulers = schedulers

    def collect(self) -> Iterable[Metric]:
        """Yields the metrics, one sample per model."""
        gauges: dict[str, tuple[str, Callable[[Scheduler], int]]] = {
            "num_requests_running": ("Requests that hold a slot.", lambda one: one.running),
            "num_requests_waiting": ("Claimed requests that wait for a slot.", lambda one: one.waiting),
            "slots": ("Requests that can run at the same time.", lambda one: one.slots),
        }
        counters: dict[str, tuple[str, Callable[[Scheduler], int]]] = {
            "executions": ("Calls of the network.", lambda one: one.executions),
            "inferences": ("Rows over all calls; divided by executions, the batch size.", lambda one: one.inferences),
            "steps": ("Events composed, idle ones included.", lambda one: one.steps),
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
