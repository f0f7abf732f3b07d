"""FastAPI dependencies: the use cases, the caller, and the origin of a request."""

import uuid
from dataclasses import dataclass
from typing import Annotated

from euterpe_service_kit.errors import Unauthenticated
from euterpe_service_kit.revocations import RevocationList
from euterpe_service_kit.security import RegisteredUser
from euterpe_service_kit.tokens import Principal
from fastapi import Depends, Request

from euterpe_auth.domain.origin import Origin
from euterpe_auth.services.administration import Administration
from euterpe_auth.services.api_keys import ApiKeys
from euterpe_auth.services.emails import Emails
from euterpe_auth.services.guests import Guests
from euterpe_auth.services.logins import Logins
from euterpe_auth.services.mails import Mails
from euterpe_auth.services.passkeys import Passkeys
from euterpe_auth.services.providers import Providers
from euterpe_auth.services.recovery import Recovery
from euterpe_auth.services.recovery_codes import RecoveryCodes
from euterpe_auth.services.registration_challenges import RegistrationChallenges
from euterpe_auth.services.second_factor import SecondFactor
from euterpe_auth.services.service_clients import ServiceClients
from euterpe_auth.services.sessions import Sessions
from euterpe_auth.services.signing_keys import KeyRing
from euterpe_auth.services.unsubscriptions import Unsubscriptions
from euterpe_auth.services.users import Users


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases that the app's lifespan wires."""

    users: Users
    emails: Emails
    recovery: Recovery
    recovery_codes: RecoveryCodes
    second_factor: SecondFactor
    passkeys: Passkeys
    providers: Providers
    challenges: RegistrationChallenges
    mails: Mails
    logins: Logins
    guests: Guests
    sessions: Sessions
    api_keys: ApiKeys
    clients: ServiceClients
    administration: Administration
    keys: KeyRing
    unsubscriptions: Unsubscriptions
    revocations: RevocationList


@dataclass(frozen=True, slots=True)
class Account:
    """A registered user whose session is active; no guest, and no API key."""

    id: uuid.UUID
    session_id: uuid.UUID | None


async def _use_cases(request: Request) -> UseCases:
    wired: UseCases = request.app.state.use_cases
    return wired


async def _origin(request: Request) -> Origin:
    # The server takes the address from X-Forwarded-For, if the request came from a trusted gateway.
    address = request.client.host if request.client else ""
    return Origin.of(address, request.headers.get("user-agent", ""))


async def _account(user: RegisteredUser, use_cases: Annotated[UseCases, Depends(_use_cases)]) -> Account:
    account = Account(user_id_of(user), None if user.session_id is None else uuid.UUID(user.session_id))
    await use_cases.sessions.require(account.id, account.session_id)
    return account


async def _recent_account(
    account: Annotated[Account, Depends(_account)],
    use_cases: Annotated[UseCases, Depends(_use_cases)],
    origin: Annotated[Origin, Depends(_origin)],
) -> Account:
    await use_cases.users.require_recent_authentication(account.id, account.session_id, None, origin)
    return account


def user_id_of(principal: Principal) -> uuid.UUID:
    """Return the user id of a token. Raises Unauthenticated when it is not one that auth issues."""
    try:
        return uuid.UUID(principal.id)
    except ValueError:
        raise Unauthenticated("The token is not valid.") from None


UseCasesDep = Annotated[UseCases, Depends(_use_cases)]
OriginDep = Annotated[Origin, Depends(_origin)]
AccountDep = Annotated[Account, Depends(_account)]
#: An account whose user authenticated within the last ten minutes, for changes of credentials.
RecentAccountDep = Annotated[Account, Depends(_recent_account)]
