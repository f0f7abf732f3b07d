"""Services that authenticate with a client secret."""

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from euterpe_service_kit.admin import ADMIN_SCOPE
from pydantic import SecretStr

from euterpe_auth.errors import InvalidClient
from euterpe_auth.services.jwts import SignedToken, TokenSigner
from euterpe_auth.services.metrics import AuthMetrics

log = structlog.get_logger(__name__)


class ServiceClients:
    """Issues service tokens to the configured clients: name → SHA-256 (hex) of the secret.

    The tokens of `admins` have the scope `admin`; a name is in one of the two.
    """

    def __init__(
        self,
        clients: Mapping[str, SecretStr],
        signer: TokenSigner,
        metrics: AuthMetrics,
        *,
        admins: Mapping[str, SecretStr] = MappingProxyType({}),
    ) -> None:
        self._admins = frozenset(admins)
        every = {**clients, **admins}
        self._digests = {name: secret.get_secret_value().lower() for name, secret in every.items()}
        self._signer = signer
        self._metrics = metrics

    async def token(self, client_id: str, client_secret: str) -> SignedToken:
        """Return a service token. Raises InvalidClient."""
        digest = hashlib.sha256(client_secret.encode()).hexdigest()
        # Unknown names are compared with a value that no digest has, to take the same time.
        if not hmac.compare_digest(digest, self._digests.get(client_id, "-" * 64)):
            self._metrics.service_tokens.labels("invalid_client").inc()
            log.warning("service_token_refused")
            raise InvalidClient
        scope = ADMIN_SCOPE if client_id in self._admins else None
        token = await self._signer.service_token(client_id, scope=scope)
        self._metrics.service_tokens.labels("success").inc()
        log.info("service_token_issued", client_id=client_id)
        return token
