"""Logins at an OpenID Connect provider, with a real one that signs its tokens."""

import asyncio
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import httpx
import pyotp
import pytest
import pytest_asyncio
from euterpe_auth.settings import Settings
from euterpe_test_kit.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from euterpe_test_kit.mail_server import MailServer, link_in, text_of
from pydantic import AnyHttpUrl, SecretStr, ValidationError

AUTH = "/api/v1/auth"
LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    running = IdentityProvider()
    running.start()
    yield running
    running.stop()


def _settings(provider: IdentityProvider, **changes: Any) -> dict[str, Any]:
    return {
        "public_url": AnyHttpUrl("https://music.example/"),
        "oidc_issuer": provider.issuer,
        "oidc_name": "Example ID",
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": SecretStr(CLIENT_SECRET),
        "oidc_networks": LOOPBACK,
    } | changes


@pytest_asyncio.fixture
async def site(replica: Any, provider: IdentityProvider, mail_server: MailServer) -> Any:
    mails = {"mail_from": "no-reply@music.example", "smtp_host": "127.0.0.1", "smtp_port": mail_server.port}
    async with replica(**_settings(provider, **mails, smtp_security="none")) as client:
        yield client


async def _begin(client: httpx.AsyncClient) -> dict[str, str]:
    answer = await client.post(f"{AUTH}/provider/authorization")
    assert answer.status_code == 200, answer.text
    body: dict[str, str] = answer.json()
    return body


async def _complete(client: httpx.AsyncClient, begun: dict[str, str], answer: dict[str, str]) -> httpx.Response:
    return await client.post(f"{AUTH}/provider/completion", json={"ticket": begun["ticket"]} | answer)


async def _ticket(client: httpx.AsyncClient, provider: IdentityProvider, subject: str = "42", name: str = "") -> str:
    """Log in at the provider, and return the ticket of the verified user."""
    begun = await _begin(client)
    completed = await _complete(client, begun, provider.authorize(begun["url"], subject, name))
    assert completed.status_code == 200, completed.text
    return begun["ticket"]


async def _log_in(client: httpx.AsyncClient, ticket: str, **more: str) -> httpx.Response:
    return await client.post(f"{AUTH}/token/provider", json={"ticket": ticket} | more)


async def _register(client: httpx.AsyncClient, ticket: str, name: str = "Clara", **request: Any) -> httpx.Response:
    body = {"ticket": ticket, "username": name}
    return await client.post(f"{AUTH}/provider/registration", json=body, **request)


async def _link(user: Any, access: str, provider: IdentityProvider, subject: str = "42") -> httpx.Response:
    begun = (await user.call("POST", "/me/provider/authorization", access, json={"purpose": "link"})).json()
    assert (await _complete(user.client, begun, provider.authorize(begun["url"], subject))).status_code == 200
    answer: httpx.Response = await user.call("POST", "/me/provider", access, json={"ticket": begun["ticket"]})
    return answer


async def test_an_unknown_user_registers_with_a_chosen_name(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any
) -> None:
    assert (await site.get(f"{AUTH}/login-options")).json()["provider"] == "Example ID"
    begun = await _begin(site)
    completed = await _complete(site, begun, provider.authorize(begun["url"], "42", "Clara Wieck"))
    assert completed.json() == {"name": "Clara Wieck", "is_linked": False, "suggested_username": "Clara.Wieck"}
    asked = provider.requests[-1]
    assert (asked["scope"], asked["redirect_uri"]) == ("openid profile", "https://music.example/login/provider")
    refused = await _log_in(site, begun["ticket"])
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "no-provider-account")
    guest = (await site.post(f"{AUTH}/guest")).json()["access_token"]
    registered = await _register(site, begun["ticket"], "Clara.Wieck", headers={"Authorization": f"Bearer {guest}"})
    assert (registered.status_code, len(registered.json()["recovery_codes"])) == (201, 10)
    access = (await _log_in(site, begun["ticket"])).json()["access_token"]
    user = make_user(site, username="Clara.Wieck")
    me = (await user.me(access)).json()
    assert (me["username"], me["guest"], me["id"]) == ("Clara.Wieck", False, registered.json()["id"])
    again = await _log_in(site, begun["ticket"])
    assert again.json()["type"].endswith("provider-login-ended"), "a ticket logs in once"
    # The second login finds the account by its subject, whatever name the provider gives.
    other = (await _log_in(site, await _ticket(site, provider, "42", "Robert"))).json()["access_token"]
    assert (await user.me(other)).json()["id"] == me["id"]
    assert (await user.log_in(password="op. 7, in A minor")).status_code == 401


async def test_a_name_that_is_taken_keeps_the_ticket(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any
) -> None:
    await make_user(site).register()
    ticket = await _ticket(site, provider, "42", "Clara")
    taken = await _register(site, ticket)
    assert (taken.status_code, taken.json()["type"].rpartition("/")[2]) == (409, "name-taken")
    assert (await _register(site, ticket, "Clara2")).status_code == 201
    assert (await _register(site, ticket, "Clara3")).json()["type"].endswith("provider-linked")


async def test_an_account_is_linked_by_its_owner_only(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any, mail_server: MailServer
) -> None:
    user = make_user(site)
    access = (await user.tokens())["access_token"]
    await user.call("PUT", "/me/email", access, json={"email": "clara@example.com"})
    token = link_in(await asyncio.to_thread(mail_server.wait_for, "clara@example.com")).partition("#token=")[2]
    assert (await site.post(f"{AUTH}/email-verifications", json={"token": token})).status_code == 200
    # The same address at the provider links nothing.
    provider.claims = {"email": "clara@example.com", "email_verified": True}
    ticket = await _ticket(site, provider, "42", "Clara")
    assert (await _log_in(site, ticket)).status_code == 409
    stolen = await user.call("POST", "/me/provider", access, json={"ticket": ticket})
    assert stolen.json()["type"].endswith("provider-login-ended"), "a ticket of a login links nothing"
    assert (await _link(user, access, provider)).status_code == 204
    assert "linked with a user" in text_of(await asyncio.to_thread(mail_server.wait_for, "clara@example.com", count=2))
    linked = (await user.call("GET", "/me/credentials", access)).json()["providers"]
    assert [(each["subject"], each["issuer"]) for each in linked] == [("42", provider.issuer)]
    exported = (await user.call("GET", "/me/export", access)).json()
    assert [each["subject"] for each in exported["providers"]] == ["42"]
    assert "provider_linked" in {each["event"] for each in exported["security_events"]}
    clara = (await user.me((await _log_in(site, await _ticket(site, provider))).json()["access_token"])).json()
    assert clara["username"] == "Clara"
    robert = make_user(site, username="Robert")
    other = (await robert.tokens())["access_token"]
    assert (await _link(robert, other, provider)).json()["type"].endswith("provider-linked")
    assert (await _link(user, access, provider, "43")).json()["type"].endswith("provider-linked")
    assert (await user.call("DELETE", "/me/provider", access)).status_code == 204
    assert (await user.call("DELETE", "/me/provider", access)).status_code == 404
    assert (await _log_in(site, await _ticket(site, provider))).status_code == 409


async def test_linking_needs_a_recent_authentication(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any, clock: Any
) -> None:
    user = make_user(site)
    tokens = await user.tokens()
    clock.advance(minutes=11)
    access = (await user.refresh(tokens["refresh_token"])).json()["access_token"]
    refused = await user.call("POST", "/me/provider/authorization", access, json={"purpose": "link"})
    assert refused.json()["type"].endswith("recent-authentication-required")


async def test_the_second_factor_is_asked_for(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any
) -> None:
    user = make_user(site)
    access = (await user.tokens())["access_token"]
    await _link(user, access, provider)
    secret = (await user.call("POST", "/me/totp", access)).json()["secret"]
    await user.call("POST", "/me/totp/activation", access, json={"code": pyotp.TOTP(secret).now()})
    ticket = await _ticket(site, provider)
    assert (await _log_in(site, ticket)).json()["type"].endswith("second-factor-required")
    assert (await _log_in(site, ticket, code="000000")).json()["type"].endswith("wrong-second-factor")
    code = pyotp.TOTP(secret).at(int(time.time()) + 30)
    assert (await _log_in(site, ticket, code=code)).status_code == 200


async def test_an_old_login_at_the_provider_is_not_a_recent_authentication(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any
) -> None:
    user = make_user(site)
    ticket = await _ticket(site, provider)
    await _register(site, ticket)
    provider.password_age = 3600
    access = (await _log_in(site, await _ticket(site, provider))).json()["access_token"]
    codes = "/me/recovery-codes"
    assert (await user.call("POST", codes, access)).json()["type"].endswith("recent-authentication-required")

    async def confirm(subject: str = "42") -> httpx.Response:
        begun = (await user.call("POST", "/me/provider/authorization", access, json={"purpose": "confirm"})).json()
        assert (await _complete(site, begun, provider.authorize(begun["url"], subject))).status_code == 200
        answer: httpx.Response = await user.call(
            "POST", "/me/reauthentication/provider", access, json={"ticket": begun["ticket"]}
        )
        return answer

    # The provider ignores `prompt=login`, or does not say when the user logged in there.
    assert (await confirm()).json()["type"].endswith("provider-authentication-too-old")
    assert (provider.requests[-1]["prompt"], provider.requests[-1]["max_age"]) == ("login", "0")
    provider.claims = {"auth_time": None}
    assert (await confirm()).json()["type"].endswith("provider-authentication-too-old")
    provider.claims, provider.password_age = {}, 0
    assert (await confirm("43")).json()["type"].endswith("other-provider-user")
    assert (await confirm()).status_code == 204
    assert (await user.call("POST", codes, access)).status_code == 201


async def test_an_account_without_a_password_keeps_a_way_to_log_in(
    site: httpx.AsyncClient, provider: IdentityProvider, make_user: Any, rows: Any
) -> None:
    user = make_user(site)
    await _register(site, await _ticket(site, provider))
    access = (await _log_in(site, await _ticket(site, provider))).json()["access_token"]
    credentials = (await user.call("GET", "/me/credentials", access)).json()
    assert (credentials["password"], len(credentials["providers"])) == (False, 1)
    assert (await user.call("DELETE", "/me/provider", access)).json()["type"].endswith("last-login-method")
    new = {"new_password": user.password}
    assert (await user.call("PUT", "/me/password", access, json=new)).status_code == 204
    assert (await user.log_in()).status_code == 200
    wrong = await user.call("PUT", "/me/password", access, json={"new_password": "op. 17, in G minor"})
    assert wrong.json()["type"].endswith("wrong-password"), "now the account has one"
    assert (await user.call("DELETE", "/me/provider", access)).status_code == 204
    ticket = await _ticket(site, provider, "43")
    await _register(site, ticket, "Robert")
    other = (await _log_in(site, ticket)).json()["access_token"]
    assert (await user.call("POST", "/me/deletion", other, json={})).status_code == 202
    assert not await rows("SELECT 1 FROM provider_links"), "deleted with the account"


WRONG_CLAIMS = [
    {"iss": "https://evil.example"},
    {"aud": "another-client"},
    {"aud": ["euterpe", "another-client"]},
    {"nonce": "another"},
    {"nonce": None},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"sub": ""},
    {"sub": 42},
    {"auth_time": "yesterday"},
]


async def test_wrong_claims_are_refused(
    site: httpx.AsyncClient, provider: IdentityProvider, subtests: pytest.Subtests
) -> None:
    for claims in WRONG_CLAIMS:
        with subtests.test(claims=claims):
            provider.claims = claims
            begun = await _begin(site)
            refused = await _complete(site, begun, provider.authorize(begun["url"], "42"))
            assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (401, "provider-login-refused")
            assert (await _log_in(site, begun["ticket"])).json()["type"].endswith("provider-login-ended")


async def test_unknown_keys_are_refused_and_new_ones_fetched(
    site: httpx.AsyncClient, provider: IdentityProvider, clock: Any
) -> None:
    await _ticket(site, provider)
    provider.rotate_key(publish=False)
    begun = await _begin(site)
    refused = await _complete(site, begun, provider.authorize(begun["url"], "42"))
    assert refused.json()["type"].endswith("provider-login-refused")
    provider.published = [provider.key]
    clock.advance(seconds=31)
    assert await _ticket(site, provider)


async def test_a_response_belongs_to_one_browser_and_is_accepted_once(
    site: httpx.AsyncClient, provider: IdentityProvider, clock: Any
) -> None:
    mine, other = await _begin(site), await _begin(site)
    answer = provider.authorize(mine["url"], "42")
    # Another browser, which began its own login, cannot use the response, nor a response of its own with this state.
    assert (await _complete(site, other, answer)).json()["type"].endswith("provider-login-ended")
    mixed = {"state": answer["state"], "code": provider.authorize(other["url"], "43")["code"]}
    assert (await _complete(site, mine, mixed)).json()["type"].endswith("provider-login-refused"), "PKCE"
    assert (await _complete(site, mine, answer)).json()["type"].endswith("provider-login-ended"), "replayed"
    late = await _begin(site)
    answer = provider.authorize(late["url"], "42")
    clock.advance(minutes=11)
    assert (await _complete(site, late, answer)).json()["type"].endswith("provider-login-ended")
    foreign = await _begin(site)
    answer = provider.authorize(foreign["url"], "42") | {"iss": "https://evil.example"}
    assert (await _complete(site, foreign, answer)).json()["type"].endswith("provider-login-refused"), "RFC 9207"


async def test_a_provider_that_is_down_is_told(site: httpx.AsyncClient, provider: IdentityProvider, clock: Any) -> None:
    begun = await _begin(site)
    answer = provider.authorize(begun["url"], "42")
    provider.token_status = 502
    refused = await _complete(site, begun, answer)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "provider-unavailable")
    # A redirect is not followed: it could lead into the private network.
    provider.token_status, provider.location = 307, f"{provider.issuer}/token"
    begun = await _begin(site)
    assert (await _complete(site, begun, provider.authorize(begun["url"], "42"))).status_code == 503
    provider.stop()
    clock.advance(hours=2)
    assert (await site.post(f"{AUTH}/provider/authorization")).json()["type"].endswith("provider-unavailable")


async def test_private_addresses_are_refused(
    replica: Any, provider: IdentityProvider, client: httpx.AsyncClient
) -> None:
    # The operator allows another network only.
    async with replica(**_settings(provider, oidc_networks=[ip_network("10.0.0.0/8")])) as site:
        assert (await site.post(f"{AUTH}/provider/authorization")).status_code == 503
    assert not provider.requests
    not_configured = await client.post(f"{AUTH}/provider/authorization")
    assert not_configured.json()["type"].endswith("provider-not-configured")
    assert (await client.get(f"{AUTH}/login-options")).json()["provider"] is None


@pytest.mark.parametrize(
    "changes",
    [{"oidc_name": None}, {"public_url": None}, {"oidc_networks": []}, {"oidc_scopes": "profile"}],
    ids=["no name", "no address of the pages", "plain HTTP", "no scope openid"],
)
def test_incomplete_settings_end_the_start(settings: Settings, provider: IdentityProvider, changes: Any) -> None:
    complete = settings.model_dump() | _settings(provider)
    assert Settings(**complete).provider
    with pytest.raises(ValidationError, match=r"oidc_|provider"):
        Settings(**complete | changes)
