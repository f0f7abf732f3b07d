"""Prometheus metrics, on the app's own registry."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 40)


class Metrics:
    """Renders by format and result, cache lookups, and the queue."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.renders = Counter(
            "euterpe_converter_renders_total",
            "Finished renders by result: ok, failed, timeout, cancelled.",
            ["format", "result"],
            registry=registry,
        )
        self.lookups = Counter(
            "euterpe_converter_cache_lookups_total",
            "Requests for audio by cache result: hit, miss.",
            ["result"],
            registry=registry,
        )
        self.render_seconds = Histogram(
            "euterpe_converter_render_duration_seconds",
            "Wall-clock time of a render, without its time in the queue.",
            ["format"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.failures = Counter(
            "euterpe_converter_failures_total",
            "Failed renders by reason (synthesiser, encoder, timeout, storage), and unreadable MIDI files (midi).",
            ["reason"],
            registry=registry,
        )
        self.first_byte_seconds = Histogram(
            "euterpe_converter_first_byte_duration_seconds",
            "Time from the request to the first byte of audio, by cache result: hit, miss.",
            ["result"],
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, *_SECONDS),
            registry=registry,
        )
        self.realtime_factor = Histogram(
            "euterpe_converter_render_realtime_ratio",
            "Seconds of audio per second of rendering, per render.",
            buckets=(1, 5, 10, 25, 50, 100, 150, 200, 300, 500),
            registry=registry,
        )
        self.sent_bytes = Counter(
            "euterpe_converter_audio_sent_bytes_total", "Bytes of audio sent, by format.", ["format"], registry=registry
        )
        self.stored_bytes = Counter(
            "euterpe_converter_audio_stored_bytes_total",
            "Bytes of audio written to the object store.",
            registry=registry,
        )
        self.cache_bytes = Gauge(
            "euterpe_converter_cache_size_bytes",
            "Bytes of audio in the object store at the last cache sweep.",
            registry=registry,
        )
        self.evicted = Counter(
            "euterpe_converter_cache_evicted_total",
            "Renditions removed from the cache by reason: age, size.",
            ["reason"],
            registry=registry,
        )
        self.audio_seconds = Counter(
            "euterpe_converter_rendered_audio_seconds_total",
            "Seconds of audio rendered. Divided by the sum of render durations, this is the real-time factor.",
            registry=registry,
        )
        self.queue_seconds = Histogram(
            "euterpe_converter_queue_duration_seconds",
            "Time that a render waited for a worker.",
            buckets=(0.01, *_SECONDS),
            registry=registry,
        )
        self.running = Gauge("euterpe_converter_renders_running", "Renders in progress.", registry=registry)
        self.waiting = Gauge("euterpe_converter_renders_waiting", "Renders waiting for a worker.", registry=registry)
        self.rejected = Counter(
            "euterpe_converter_renders_rejected_total",
            "Renders rejected because of a full queue.",
            registry=registry,
        )
