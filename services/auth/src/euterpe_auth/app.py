"""Wiring of the auth app."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.background import LONG_TURN_SECONDS, BackgroundLoops
from euterpe_service_kit.database import Database
from euterpe_service_kit.database_metrics import READ_SECONDS, DatabaseMetrics
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.mail import FolderSender, MailSender, SmtpSender, SmtpServer
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.tokens import ACCESS, SERVICE, TokenVerifier
from fastapi import FastAPI

from euterpe_auth.clients.generator import GeneratorClient
from euterpe_auth.clients.library import LibraryClient
from euterpe_auth.clients.provider import ProviderClient
from euterpe_auth.dependencies import UseCases
from euterpe_auth.domain.clock import Clock, utc_now
from euterpe_auth.domain.passkeys import Site
from euterpe_auth.domain.registration_challenges import challenge_secret
from euterpe_auth.domain.signing_keys import key_cipher
from euterpe_auth.routes import (
    admin,
    api_keys,
    emails,
    jwks,
    passkeys,
    providers,
    recovery,
    revocations,
    second_factor,
    service_tokens,
    sessions,
    tokens,
    unsubscriptions,
    users,
)
from euterpe_auth.services.administration import Administration
from euterpe_auth.services.api_keys import ApiKeys
from euterpe_auth.services.attempts import Attempts
from euterpe_auth.services.digests import POLL_SECONDS, Digests
from euterpe_auth.services.emails import Emails
from euterpe_auth.services.guests import Guests
from euterpe_auth.services.housekeeping import HOUSEKEEPING_SECONDS, Housekeeping
from euterpe_auth.services.jwts import OwnServiceToken, TokenSigner
from euterpe_auth.services.logins import AttemptLimits, Logins
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.metrics import AuthMetrics
from euterpe_auth.services.outbox import Outbox
from euterpe_auth.services.passkeys import Passkeys
from euterpe_auth.services.passwords import Passwords
from euterpe_auth.services.providers import Providers
from euterpe_auth.services.recovery import Recovery
from euterpe_auth.services.recovery_codes import RecoveryCodes
from euterpe_auth.services.registration_challenges import RegistrationChallenges
from euterpe_auth.services.revocations import revocation_list
from euterpe_auth.services.second_factor import SecondFactor
from euterpe_auth.services.service_clients import ServiceClients
from euterpe_auth.services.sessions import Sessions
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_auth.services.unsubscriptions import Unsubscriptions
from euterpe_auth.services.users import Users
from euterpe_auth.settings import Settings

_DESCRIPTION = """Accounts and sessions.

Register, log in with the password form, and send the access token as `Authorization: Bearer …` to every service.
It expires after ten minutes. Exchange the refresh token for a new pair, and store the new refresh token: each one is
valid once. Programs use API keys, which they exchange for access tokens with the key's scopes. Errors are problem
details (RFC 9457)."""
_TAGS = {
    "accounts": "Registration, profile, password and deletion.",
    "sessions": "Login, guests, refresh and logout.",
    "passkeys": "Logins with devices and password managers instead of a password.",
    "provider": "Logins at the OpenID Connect provider of the operator.",
    "API keys": "Credentials for programs, with scopes.",
    "keys": "Public keys that verify tokens.",
}


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """Create the app. It starts without its database, and becomes ready when the database answers."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            database = Database(settings.database_url.get_secret_value(), schema="auth")
            stack.push_async_callback(database.close)
            await _wire(app, settings, database, clock, stack)
            yield

    app = create_base_app("auth", settings, lifespan=lifespan, description=_DESCRIPTION, tags=_TAGS)
    app.state.cookies_always_secure = settings.cookies_always_secure
    for module in (
        users,
        emails,
        recovery,
        second_factor,
        passkeys,
        providers,
        tokens,
        sessions,
        api_keys,
        service_tokens,
        jwks,
        revocations,
        unsubscriptions,
        admin,
    ):
        app.include_router(module.router)
    return app


async def _wire(app: FastAPI, settings: Settings, database: Database, clock: Clock, stack: AsyncExitStack) -> None:
    metrics = AuthMetrics(app.state.registry)
    ring = KeyRing(database, settings.key_encryption_key.get_secret_value(), clock)
    signer = TokenSigner(
        ring, clock, access_seconds=settings.access_token_seconds, service_seconds=settings.service_token_seconds
    )
    peers = _peers(settings, signer, stack)
    outbox = Outbox(database, peers or (), metrics, clock)
    mails = _mails(settings, database, metrics, clock)
    provider = _provider_client(settings, clock, stack)
    app.state.use_cases = _use_cases(settings, database, ring, signer, outbox, mails, provider, peers, metrics, clock)
    app.state.access_verifier = TokenVerifier(ring, ACCESS, revocations=app.state.use_cases.revocations)
    app.state.service_verifier = TokenVerifier(ring, SERVICE)
    app.state.readiness.add("database", database.ping)
    app.state.readiness.add("signing_keys", ring.ready)
    await _create_first_key(ring)
    housekeeping = Housekeeping(
        database,
        outbox,
        clock,
        session_seconds=settings.session_seconds,
        security_event_days=settings.security_event_days,
    )
    loops = BackgroundLoops("auth", app.state.registry, app.state.readiness)
    stack.push_async_callback(loops.stop)
    loops.start("outbox", outbox.deliver)
    loops.start("mails", mails.deliver)
    if mails.is_enabled and peers is not None:
        digests = Digests(database, peers[1], mails)
        loops.start("digests", digests.take, interval_seconds=POLL_SECONDS, turn_seconds=LONG_TURN_SECONDS)
    database_metrics = DatabaseMetrics("auth", app.state.registry, database)
    loops.start("database_metrics", database_metrics.read, interval_seconds=READ_SECONDS)
    loops.start(
        "housekeeping", housekeeping.clean, interval_seconds=HOUSEKEEPING_SECONDS, turn_seconds=LONG_TURN_SECONDS
    )


def _use_cases(
    settings: Settings,
    database: Database,
    ring: KeyRing,
    signer: TokenSigner,
    outbox: Outbox,
    mails: Mails,
    provider: ProviderClient | None,
    peers: tuple[GeneratorClient, LibraryClient] | None,
    metrics: AuthMetrics,
    clock: Clock,
) -> UseCases:
    passwords = Passwords(metrics, running=settings.password_hashes_running, waiting=settings.password_hashes_waiting)
    attempts = Attempts(database, clock)
    limits = AttemptLimits.of(
        per_account=settings.login_attempts_per_account,
        per_address=settings.login_attempts_per_address,
        new_accounts=settings.new_accounts_per_address,
        window_seconds=settings.attempt_window_seconds,
    )
    cipher = key_cipher(settings.key_encryption_key.get_secret_value())
    challenges = RegistrationChallenges(
        attempts,
        clock,
        secret=challenge_secret(settings.key_encryption_key.get_secret_value()),
        cost=settings.registration_challenge_cost if settings.registration_challenge == "proof_of_work" else None,
    )
    code_check = SecondFactor(database, cipher, mails, attempts, clock)
    sessions = Sessions(
        database,
        signer,
        metrics,
        clock,
        session_seconds=settings.session_seconds,
        idle_seconds=settings.session_idle_seconds,
    )
    users = Users(database, passwords, attempts, limits, outbox, mails, challenges, metrics, clock)
    return UseCases(
        users=users,
        emails=Emails(database, mails, attempts, clock),
        recovery=Recovery(database, passwords, mails, attempts, clock),
        recovery_codes=RecoveryCodes(database, mails, clock),
        second_factor=code_check,
        passkeys=Passkeys(database, sessions, mails, attempts, metrics, clock, site=_site(settings)),
        providers=Providers(
            database,
            provider,
            cipher,
            users,
            sessions,
            code_check,
            mails,
            attempts,
            metrics,
            clock,
            max_age_seconds=settings.session_seconds,
        ),
        mails=mails,
        challenges=challenges,
        logins=Logins(database, passwords, sessions, code_check, attempts, limits, metrics, clock),
        guests=Guests(database, sessions, attempts, limits, outbox, metrics, clock),
        sessions=sessions,
        api_keys=ApiKeys(database, signer, metrics, clock),
        clients=ServiceClients(settings.service_clients, signer, metrics, admins=settings.admin_clients),
        administration=Administration(database, mails, clock),
        keys=ring,
        unsubscriptions=Unsubscriptions(None if peers is None else peers[1], cipher),
        revocations=revocation_list(database, clock),
    )


def _mails(settings: Settings, database: Database, metrics: AuthMetrics, clock: Clock) -> Mails:
    site = str(settings.public_url or "").rstrip("/")
    sender: MailSender | None = None
    if settings.smtp_host is not None:
        password = None if settings.smtp_password is None else settings.smtp_password.get_secret_value()
        server = SmtpServer(
            settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_username, password
        )
        sender = SmtpSender(server, settings.mail_from or "")
    elif settings.mail_folder is not None:
        sender = FolderSender(settings.mail_folder, settings.mail_from or "Euterpe <no-reply@localhost>")
    cipher = key_cipher(settings.key_encryption_key.get_secret_value())
    return Mails(database, sender, cipher, site=site, metrics=metrics, clock=clock)


def _provider_client(settings: Settings, clock: Clock, stack: AsyncExitStack) -> ProviderClient | None:
    if settings.provider is None:
        return None
    client = ProviderClient(settings.provider, settings.oidc_networks, clock)
    stack.push_async_callback(client.close)
    return client


def _site(settings: Settings) -> Site | None:
    url = settings.public_url
    if url is None or url.host is None:
        return None
    default = {"http": 80, "https": 443}[url.scheme]
    return Site(url.host, f"{url.scheme}://{url.host}" + ("" if url.port in (None, default) else f":{url.port}"))


def _peers(
    settings: Settings, signer: TokenSigner, stack: AsyncExitStack
) -> tuple[GeneratorClient, LibraryClient] | None:
    if settings.library_target is None or settings.generator_target is None:
        return None
    token = OwnServiceToken(signer)
    generator, library = (
        peer_channel(target, token, tls=settings.rpc_tls_directory)
        for target in (settings.generator_target, settings.library_target)
    )
    for channel in (generator, library):
        stack.push_async_callback(channel.close, None)
    return GeneratorClient(generator), LibraryClient(library)


async def _create_first_key(ring: KeyRing) -> None:
    """Create a key at the first start. A wrong key encryption key ends the start, an unavailable database does not."""
    try:
        await ring.published()
    except Unavailable:
        return
