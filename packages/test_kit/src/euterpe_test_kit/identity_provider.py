"""A real OpenID Connect provider on loopback: authorization code flow with PKCE, and ID tokens that it signs."""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT_ID = "euterpe"
CLIENT_SECRET = "a secret of the provider's client"  # noqa: S105 - of this server only


@dataclass
class _Grant:
    """An authorization code: what was requested, and who logged in."""

    request: dict[str, str]
    subject: str
    name: str


@dataclass
class IdentityProvider:
    """Anybody can log in, by choosing a subject. Tests change how it behaves."""

    #: Claims that replace those of the next ID tokens; None removes one.
    claims: dict[str, Any] = field(default_factory=dict)
    #: The status of the token endpoint, if not its own; with `location`, a redirect.
    token_status: int | None = None
    location: str = ""
    #: Seconds since the user entered a password at the provider.
    password_age: int = 0
    #: The requests of browsers to the authorization endpoint.
    requests: list[dict[str, str]] = field(default_factory=list)
    _grants: dict[str, _Grant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Create keys and listen on a free port."""
        self.key = ECKey.generate_key("P-256", {"kid": "first"})
        #: The keys that it publishes.
        self.published = [self.key]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def issuer(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Start in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting connections."""
        self._server.shutdown()
        self._server.server_close()

    def rotate_key(self, *, publish: bool = True) -> None:
        """Sign with a new key, which it publishes or not."""
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})
        if publish:
            self.published = [self.key]

    def authorize(self, url: str, subject: str, name: str = "") -> dict[str, str]:
        """Log in as a browser would, and return the parameters of the redirect."""
        return dict(parse_qsl(urlsplit(self._redirect(dict(parse_qsl(urlsplit(url).query)), subject, name)).query))

    def log_in(self, form: dict[str, str]) -> str:
        """Answer the form of its login page with the address of the redirect."""
        subject, name = form.pop("subject", ""), form.pop("name", "")
        return self._redirect(form, subject, name)

    def _redirect(self, request: dict[str, str], subject: str, name: str) -> str:
        assert request["response_type"] == "code"
        assert request["client_id"] == CLIENT_ID
        assert request["code_challenge_method"] == "S256"
        self.requests.append(request)
        answer = {"state": request["state"]}
        if subject:
            code = secrets.token_urlsafe(16)
            self._grants[code] = _Grant(request, subject, name)
            answer["code"] = code
        else:
            answer["error"] = "access_denied"
        return f"{request['redirect_uri']}?{urlencode(answer)}"

    def tokens(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Answer a request to the token endpoint."""
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        grant = self._grants.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            grant is None
            or form["redirect_uri"] != grant.request["redirect_uri"]
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != grant.request["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": grant.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.request["nonce"],
            "auth_time": now - self.password_age,
            "name": grant.name,
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        id_token = jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)
        return 200, {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": id_token}


def _handler(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            pages = {
                "/.well-known/openid-configuration": lambda: self._json(200, _metadata(provider.issuer)),
                "/keys": lambda: self._json(200, KeySet(list(provider.published)).as_dict(private=False)),
                "/authorize": lambda: self._send(200, "text/html; charset=utf-8", _page(query).encode()),
                "/login": lambda: self._send(303, "text/plain", b"", provider.log_in(query)),
            }
            pages.get(parts.path, lambda: self._send(404, "text/plain", b""))()

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if provider.token_status is not None:
                self._send(provider.token_status, "text/plain", b"", provider.location)
                return
            self._json(*provider.tokens(form, self.headers.get("Authorization", "")))

        def _json(self, status: int, content: Any) -> None:
            self._send(status, "application/json", json.dumps(content).encode())

        def _send(self, status: int, kind: str, content: bytes, location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            """Print nothing."""

    return Handler


def _metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }


def _page(query: dict[str, str]) -> str:
    hidden = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in query.items())
    return (
        '<!doctype html><html lang="en"><title>Example ID</title><h1>Example ID</h1>'
        f'<form action="/login">{hidden}<label>Subject <input name="subject"></label>'
        '<label>Name <input name="name"></label><button>Log in</button></form>'
        f'<form action="/login">{hidden}<input type="hidden" name="subject" value=""><button>Cancel</button></form>'
    )
