"""A fake of auth's HTTP API: real Ed25519 keys, a JWKS URL and a token URL on loopback.

Services verify its tokens as they verify auth's. Tests use it to create forged, expired and malformed tokens.
"""

import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from euterpe_service_kit import revocations
from euterpe_service_kit.settings import PeerSettings
from euterpe_service_kit.tokens import ACCESS, ALGORITHM, ISSUER, SERVICE, TokenKind
from jwt.algorithms import OKPAlgorithm
from pydantic import SecretStr


class TokenIssuer:
    """Issues tokens that services under test accept, and counts the fetches of its keys."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.kid = uuid.uuid4().hex
        self.jwks_fetches = 0
        #: Ids of users, sessions and API keys whose tokens services refuse.
        self.revoked: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def jwks_url(self) -> str:
        """Return the URL from which services fetch the keys."""
        return f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"

    @property
    def peer(self) -> PeerSettings:
        """Return settings with which a service under test gets its service token here."""
        url = f"http://127.0.0.1:{self._server.server_port}/api/v1/auth/service-token"
        return PeerSettings(token_url=url, client_id="generator", client_secret=SecretStr("unused"))

    def access_token(self, user_id: str, name: str = "tester", **changes: Any) -> str:
        """Return an access token of a user; `changes` replace claims, e.g. `exp=0`."""
        return self._sign(ACCESS, {"sub": user_id, "name": name} | changes)

    def service_token(self, service: str = "generator", **changes: Any) -> str:
        """Return a service token."""
        return self._sign(SERVICE, {"sub": service} | changes)

    def headers(self, user_id: str, name: str = "tester") -> dict[str, str]:
        """Return the Authorization header of a user."""
        return {"Authorization": f"Bearer {self.access_token(user_id, name)}"}

    def close(self) -> None:
        """Stop the HTTP server."""
        self._server.shutdown()
        self._server.server_close()

    def _sign(self, kind: TokenKind, claims: dict[str, Any]) -> str:
        now = int(time.time())
        payload = {"iss": ISSUER, "aud": kind.audience, "iat": now, "exp": now + 600, "jti": uuid.uuid4().hex} | claims
        return jwt.encode(payload, self.key, algorithm=ALGORITHM, headers={"kid": self.kid, "typ": kind.typ})

    def _jwks(self) -> dict[str, Any]:
        public = OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": self.kid, "alg": ALGORITHM, "use": "sig"}]}

    def _handler(issuer) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request handler below
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == revocations.PATH:
                    self._respond({"ids": sorted(issuer.revoked)})
                    return
                issuer.jwks_fetches += 1
                self._respond(issuer._jwks())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self._respond({"access_token": issuer.service_token(), "token_type": "bearer", "expires_in": 600})

            def _respond(self, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
