"""Prometheus metrics of auth."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AuthMetrics:
    """Logins, registrations and refreshes by result; running and waiting password hashes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(what: str, text: str) -> Counter:
            return Counter(f"euterpe_auth_{what}_total", text, ["result"], registry=registry)

        self.registrations = counter("registrations", "Registration attempts.")
        self.logins = counter("logins", "Login attempts.")
        self.refreshes = counter("refreshes", "Presented refresh tokens.")
        self.guests = counter("guests", "Guests created, registered and claimed.")
        self.api_key_tokens = counter("api_key_tokens", "API keys presented for an access token.")
        self.outbox_tasks = counter("peer_tasks", "Outbox tasks completed or postponed.")
        self.outbox_tasks_waiting = Gauge(
            "euterpe_auth_peer_tasks_waiting",
            "Outbox tasks that the library or the generator has not confirmed.",
            registry=registry,
        )
        self.mails = counter("mails", "Mails sent, postponed, refused, expired, or not needed.")
        self.mails_waiting = Gauge(
            "euterpe_auth_mails_waiting", "Mails that the mail server has not accepted yet.", registry=registry
        )
        self.mails_oldest_seconds = Gauge(
            "euterpe_auth_mails_oldest_seconds",
            "Time for which the oldest mail has waited for the mail server.",
            registry=registry,
        )
        self.service_tokens = counter("service_tokens", "Service tokens requested.")
        self.hashes_running = Gauge(
            "euterpe_auth_password_hashes_running", "Password hashes in progress.", registry=registry
        )
        self.hashes_waiting = Gauge(
            "euterpe_auth_password_hashes_waiting", "Password hashes waiting for a thread.", registry=registry
        )
