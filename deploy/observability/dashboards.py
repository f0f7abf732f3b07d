"""Grafana's dashboards as code. `make dashboards` writes them into the chart.

tests/deploy/test_dashboards.py runs every query against a Prometheus that scrapes the running product. `job` is the
component, set by the chart's PodMonitors.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

JOBS = "auth|library|generator|generator-worker|converter"
#: Excludes probes and scrapes.
REAL = 'route!~"/healthz|/readyz|/metrics"'
REQUESTS = f'{{__name__=~"euterpe_[a-z]+_http_requests_total", {REAL}}}'
DURATIONS = f'{{__name__=~"euterpe_[a-z]+_http_request_duration_seconds_bucket", {REAL}}}'
REFUSED = f'{{__name__=~"euterpe_[a-z]+_http_requests_total", status="429", {REAL}}}'
LOOPS = '{__name__=~"euterpe_[a-z]+_loop_failures_total"}'
SNAPSHOTS = '{__name__=~"euterpe_[a-z]+_database_oldest_snapshot_seconds"}'
DEAD_ROWS = '{__name__=~"euterpe_[a-z]+_database_dead_rows"}'
PROBES = '{__name__=~"euterpe_[a-z]+_http_requests_total", route="/readyz"}'
MODELS = "sum by (model, version, provider) (euterpe_generator_model_info)"
_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True, slots=True)
class Graph:
    """A panel: title, Grafana unit, queries by legend, description, and whether it is a single number."""

    title: str
    unit: str
    queries: dict[str, str]
    text: str = ""
    number: bool = False


def _rate(metric: str, by: str = "", matchers: str = "") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(rate({metric}{{{matchers}}}[$__rate_interval]))".replace("{}", "")


def _quantile(quantile: float, metric: str, by: str = "", matchers: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({quantile}, {_rate(f'{metric}_bucket', labels, matchers)})"


def _quantiles(metric: str) -> dict[str, str]:
    return {f"p{round(q * 100)}": _quantile(q, metric) for q in (0.5, 0.95, 0.99)}


def _panel(graph: Graph) -> stat.Panel | timeseries.Panel:
    panel: stat.Panel | timeseries.Panel
    if graph.number:
        panel = stat.Panel().span(6).height(4)
    else:
        legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
        panel = timeseries.Panel().span(12).height(8).legend(legend.show_legend(True)).min(0).fill_opacity(8)
    panel.title(graph.title).unit(graph.unit).description(graph.text).datasource(_SOURCE)
    for legend_format, expression in graph.queries.items():
        panel.with_target(prometheus.Dataquery().expr(expression).legend_format(legend_format))
    return panel


def _dashboard(uid: str, title: str, graphs: Iterable[Graph]) -> dashboard.Dashboard:
    source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    built = dashboard.Dashboard(f"Euterpe / {title}").uid(f"euterpe-{uid}").tags(["euterpe"]).refresh("30s")
    built.time("now-6h", "now").timezone("browser").readonly().with_variable(source)
    for graph in graphs:
        built.with_panel(_panel(graph))
    return built


def overview() -> dashboard.Dashboard:
    """The state of the product for its users."""
    bad = f'sum(rate({REQUESTS[:-1]}, status=~"5.."}}[$__rate_interval])) or vector(0)'
    success = _rate("euterpe_generator_request_success_total")
    return _dashboard(
        "overview",
        "Overview",
        [
            Graph("Generations per minute", "none", {"generations": f"60 * {success}"}, number=True),
            Graph(
                "Generation latency, p95",
                "s",
                {"p95": _quantile(0.95, "euterpe_generator_e2e_request_latency_seconds")},
                number=True,
            ),
            Graph("Queue", "none", {"queued": "max(euterpe_generator_queue_depth)"}, number=True),
            Graph("Pods up", "none", {"up": f'count(up{{job=~"{JOBS}"}} == 1)'}, number=True),
            Graph("Requests", "reqps", {"{{job}}": f"sum by (job) (rate({REQUESTS}[$__rate_interval]))"}),
            Graph("Errors (5xx)", "reqps", {"errors": bad}, "The error budget is 0.1 % of requests."),
            Graph(
                "Response time, p99",
                "s",
                {"{{job}}": f"histogram_quantile(0.99, sum by (job, le) (rate({DURATIONS}[$__rate_interval])))"},
            ),
            Graph(
                "Composed and rendered",
                "ops",
                {"generations": success, "renders": _rate("euterpe_converter_renders_total")},
            ),
        ],
    )


def generator() -> dashboard.Dashboard:
    """The engine: slots, batches, latency."""
    inferences, executions = _rate("euterpe_generator_inferences_total"), _rate("euterpe_generator_executions_total")
    return _dashboard(
        "generator",
        "Generator",
        [
            Graph(
                "Requests in the engine",
                "none",
                {
                    "running": "sum(euterpe_generator_num_requests_running)",
                    "waiting": "sum(euterpe_generator_num_requests_waiting)",
                    "queued": "max(euterpe_generator_queue_depth)",
                    "slots": "sum(euterpe_generator_slots)",
                },
            ),
            Graph("Queue time", "s", _quantiles("euterpe_generator_request_queue_time_seconds")),
            Graph("Generation latency", "s", _quantiles("euterpe_generator_e2e_request_latency_seconds")),
            Graph("Time to first notes", "s", _quantiles("euterpe_generator_time_to_first_notes_seconds")),
            Graph(
                "Batch size",
                "none",
                {"rows per call": f"{inferences} / {executions}"},
                "Inferences divided by executions.",
            ),
            Graph("Steps per second", "ops", {"{{model}}": _rate("euterpe_generator_steps_total", "model")}),
            Graph(
                "Ended generations",
                "ops",
                {
                    "{{model}}, {{reason}}": _rate("euterpe_generator_request_success_total", "model, reason"),
                    "failed": f"({_rate('euterpe_generator_request_failure_total')}) or vector(0)",
                },
            ),
            Graph(
                "Ended generations by version",
                "ops",
                {
                    "{{model}} {{version}}": _rate("euterpe_generator_request_success_total", "model, version"),
                    "{{model}} {{version}} failed": (
                        f"({_rate('euterpe_generator_request_failure_total', 'model, version')}) or vector(0)"
                    ),
                },
                "To compare a canary with the version before it.",
            ),
            Graph(
                "Shares of versions",
                "percentunit",
                {"{{model}} {{version}}": "max by (model, version) (euterpe_generator_model_share)"},
                "Of the requests that name a model without a version.",
            ),
            Graph(
                "Expired leases and retries",
                "ops",
                {
                    "leases": _rate("euterpe_generator_lease_expiries_total"),
                    "retries": _rate("euterpe_generator_retries_total"),
                },
            ),
            Graph(
                "Models",
                "none",
                {"{{model}} {{version}} on {{provider}}": MODELS},
            ),
            Graph(
                "Model load time, p95",
                "s",
                {"p95": "histogram_quantile(0.95, sum by (le) (euterpe_generator_model_load_seconds_bucket))"},
            ),
        ],
    )


def api() -> dashboard.Dashboard:
    """HTTP, by service and route."""
    return _dashboard(
        "api",
        "API",
        [
            Graph(
                "Requests by status",
                "reqps",
                {"{{job}} {{status}}": f"sum by (job, status) (rate({REQUESTS}[$__rate_interval]))"},
            ),
            Graph(
                "Busiest routes",
                "reqps",
                {"{{method}} {{route}}": f"topk(10, sum by (method, route) (rate({REQUESTS}[$__rate_interval])))"},
            ),
            Graph(
                "p50 by service",
                "s",
                {"{{job}}": f"histogram_quantile(0.5, sum by (job, le) (rate({DURATIONS}[$__rate_interval])))"},
            ),
            Graph(
                "p99 by route",
                "s",
                {"{{route}}": f"histogram_quantile(0.99, sum by (route, le) (rate({DURATIONS}[$__rate_interval])))"},
            ),
            Graph(
                "Rate limited (429)",
                "reqps",
                {"{{job}}": f"sum by (job) (rate({REFUSED}[$__rate_interval])) or on() vector(0)"},
                "Limits on requests per token and address, unfinished generations, and login attempts.",
            ),
            Graph("Songs registered", "ops", {"{{result}}": _rate("euterpe_library_registrations_total", "result")}),
            Graph(
                "Probes",
                "reqps",
                {"{{job}} {{status}}": f"sum by (job, status) (rate({PROBES}[$__rate_interval]))"},
            ),
            Graph(
                "Failed turns of background loops",
                "ops",
                {"{{job}} {{loop}} {{kind}}": f"sum by (job, loop, kind) (rate({LOOPS}[$__rate_interval]))"},
                "Unexpected errors and stalls raise an alert; unavailable dependencies are waited for.",
            ),
            Graph("Oldest snapshot of the database", "s", {"age": f"max({SNAPSHOTS})"}),
            Graph("Dead rows", "none", {"{{job}} {{table}}": f"topk(10, max by (job, table) ({DEAD_ROWS}))"}),
        ],
    )


def converter() -> dashboard.Dashboard:
    """Audio: cache, queue, renders."""
    hits = _rate("euterpe_converter_cache_lookups_total", matchers='result="hit"')
    return _dashboard(
        "converter",
        "Converter",
        [
            Graph("Audio requests", "ops", {"{{result}}": _rate("euterpe_converter_cache_lookups_total", "result")}),
            Graph(
                "Cache hits",
                "percentunit",
                {"hits": f"({hits} or vector(0)) / {_rate('euterpe_converter_cache_lookups_total')}"},
            ),
            Graph(
                "Renders", "ops", {"{{format}} {{result}}": _rate("euterpe_converter_renders_total", "format, result")}
            ),
            Graph("Render time", "s", _quantiles("euterpe_converter_render_duration_seconds")),
            Graph("Queue time", "s", _quantiles("euterpe_converter_queue_duration_seconds")),
            Graph(
                "Current renders",
                "none",
                {
                    "running": "sum(euterpe_converter_renders_running)",
                    "waiting": "sum(euterpe_converter_renders_waiting)",
                },
            ),
            Graph(
                "Real-time factor",
                "none",
                {
                    "seconds of audio per second": f"{_rate('euterpe_converter_rendered_audio_seconds_total')} "
                    f"/ {_rate('euterpe_converter_render_duration_seconds_sum')}"
                },
            ),
            Graph(
                "Time to the first byte, p95",
                "s",
                {"{{result}}": _quantile(0.95, "euterpe_converter_first_byte_duration_seconds", "result")},
            ),
            Graph(
                "Rejected and failed",
                "ops",
                {
                    "queue full": _rate("euterpe_converter_renders_rejected_total"),
                    "failed": f"({_rate('euterpe_converter_failures_total')}) or vector(0)",
                },
            ),
            Graph("Audio sent", "Bps", {"{{format}}": _rate("euterpe_converter_audio_sent_bytes_total", "format")}),
            Graph("Audio stored", "Bps", {"stored": _rate("euterpe_converter_audio_stored_bytes_total")}),
            Graph(
                "Evicted renditions",
                "ops",
                {"{{reason}}": f"({_rate('euterpe_converter_cache_evicted_total', 'reason')}) or vector(0)"},
                "Evicted by age or by the size limit of the cache.",
            ),
            Graph(
                "Audio in the bucket",
                "bytes",
                {"kept": "max(euterpe_converter_cache_size_bytes)"},
                "Measured at the last cache cleanup.",
            ),
        ],
    )


def auth() -> dashboard.Dashboard:
    """Accounts and sessions."""
    return _dashboard(
        "auth",
        "Auth",
        [
            Graph("Logins", "ops", {"{{result}}": _rate("euterpe_auth_logins_total", "result")}),
            Graph("Registrations", "ops", {"{{result}}": _rate("euterpe_auth_registrations_total", "result")}),
            Graph(
                "Token refreshes",
                "ops",
                {"{{result}}": _rate("euterpe_auth_refreshes_total", "result")},
                "Reuse of a refresh token revokes its session.",
            ),
            Graph("Service tokens", "ops", {"{{result}}": _rate("euterpe_auth_service_tokens_total", "result")}),
            Graph(
                "Password hashes",
                "none",
                {
                    "running": "sum(euterpe_auth_password_hashes_running)",
                    "waiting": "sum(euterpe_auth_password_hashes_waiting)",
                },
            ),
            Graph("Outbox tasks", "none", {"waiting": "max(euterpe_auth_peer_tasks_waiting)"}),
            Graph("Mails", "ops", {"{{result}}": _rate("euterpe_auth_mails_total", "result")}),
            Graph(
                "Oldest waiting mail",
                "s",
                {"age": "max(euterpe_auth_mails_oldest_seconds)"},
                "Recovery mails are dropped after an hour.",
            ),
            Graph(
                "JWKS requests",
                "reqps",
                {"{{status}}": _rate("euterpe_auth_http_requests_total", "status", 'route="/.well-known/jwks.json"')},
            ),
        ],
    )


def capacity() -> dashboard.Dashboard:
    """Used capacity; docs/guides/capacity.md explains the calculation."""
    jobs = f'job=~"{JOBS}"'
    processors = _rate("process_cpu_seconds_total", matchers='job=~"generator.*"')
    return _dashboard(
        "capacity",
        "Capacity",
        [
            Graph(
                "Occupied slots",
                "percentunit",
                {"occupied": "sum(euterpe_generator_num_requests_running) / sum(euterpe_generator_slots)"},
                "KEDA's target is 75 %.",
            ),
            Graph("Pods", "none", {"{{job}}": f"count by (job) (up{{{jobs}}} == 1)"}),
            Graph("CPU cores", "none", {"{{job}}": _rate("process_cpu_seconds_total", "job", jobs)}),
            Graph("Memory", "bytes", {"{{job}}": f"max by (job) (process_resident_memory_bytes{{{jobs}}})"}),
            Graph("Open files", "none", {"{{job}}": f"max by (job) (process_open_fds{{{jobs}}})"}),
            Graph(
                "Steps per CPU second",
                "ops",
                {"steps": f"{_rate('euterpe_generator_steps_total')} / {processors}"},
            ),
        ],
    )


DASHBOARDS: dict[str, Callable[[], dashboard.Dashboard]] = {
    "overview": overview,
    "generator": generator,
    "api": api,
    "converter": converter,
    "auth": auth,
    "capacity": capacity,
}


def encode(built: dashboard.Dashboard) -> str:
    """The JSON that Grafana imports."""
    return str(JSONEncoder(sort_keys=True, indent=2).encode(built.build())) + "\n"
