"""What auth counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AuthMetrics:
    """Logins, registrations and refreshes by result; password hashes running and waiting."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(what: str, text: str) -> Counter:
            return Counter(f"euterpe_auth_{what}_total", text, ["result"], registry=registry)

        self.registrations = counter("registrations", "Attempts to register.")
        self.logins = counter("logins", "Attempts to log in.")
        self.refreshes = counter("refreshes", "Refresh tokens presented.")
        self.guests = counter("guests", "Guests begun and claimed.")
        self.api_key_tokens = counter("api_key_tokens", "API keys presented for a token.")
        self.peer_tasks = counter("peer_tasks", "Tasks done at, or refused by, the library and the generator.")
        self.peer_tasks_waiting = Gauge(
            "euterpe_auth_peer_tasks_waiting",
            "Tasks that the library or the generator has not confirmed.",
            registry=registry,
        )
        self.service_tokens = counter("service_tokens", "Service tokens asked for.")
        self.hashes_running = Gauge(
            "euterpe_auth_password_hashes_running", "Password hashes being computed.", registry=registry
        )
        self.hashes_waiting = Gauge(
            "euterpe_auth_password_hashes_waiting", "Password hashes waiting for a core.", registry=registry
        )
