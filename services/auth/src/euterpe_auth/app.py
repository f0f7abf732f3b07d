"""The auth app: all wiring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.tokens import ACCESS, TokenVerifier
from fastapi import FastAPI

from euterpe_auth.dependencies import UseCases
from euterpe_auth.domain.clock import Clock, utc_now
from euterpe_auth.routes import keys, service_tokens, tokens, users
from euterpe_auth.services.jwts import TokenSigner
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.services.service_clients import ServiceClients
from euterpe_auth.services.sessions import Sessions
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_auth.services.users import Users
from euterpe_auth.settings import Settings

_DESCRIPTION = """Accounts and sessions.

Register, log in with the password form, and send the access token as `Authorization: Bearer …` to every service.
It lives ten minutes; exchange the refresh token for the next pair, and keep the new refresh token: the old one is
used up. Errors are problem details (RFC 9457)."""


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """The app. It starts without its database, too, and is ready as soon as that answers."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database_url.get_secret_value(), schema="auth")
        try:
            await _wire(app, settings, database, clock)
            yield
        finally:
            await database.close()

    app = create_base_app("auth", settings, lifespan=lifespan, description=_DESCRIPTION)
    for module in (users, tokens, service_tokens, keys):
        app.include_router(module.router)
    return app


async def _wire(app: FastAPI, settings: Settings, database: Database, clock: Clock) -> None:
    metrics = AuthMetrics(app.state.registry)
    ring = KeyRing(database, settings.key_encryption_key.get_secret_value(), clock)
    passwords = Passwords(metrics, running=settings.password_hashes_running, waiting=settings.password_hashes_waiting)
    signer = TokenSigner(
        ring, clock, access_seconds=settings.access_token_seconds, service_seconds=settings.service_token_seconds
    )
    sessions = Sessions(database, passwords, signer, metrics, clock, session_seconds=settings.session_seconds)
    clients = ServiceClients(settings.service_clients, signer, metrics)
    app.state.use_cases = UseCases(Users(database, passwords, metrics, clock), sessions, clients, ring)
    app.state.access_verifier = TokenVerifier(ring, ACCESS)
    app.state.readiness.add("database", database.ping)
    app.state.readiness.add("signing_keys", ring.ready)
    await _first_keys(ring)


async def _first_keys(ring: KeyRing) -> None:
    """Makes the keys at the first start; a wrong key encryption key ends the start, an absent database does not."""
    try:
        await ring.published()
    except Unavailable:
        return
