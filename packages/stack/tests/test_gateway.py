"""The gateway with real Caddy and four test servers: routes, limits, headers and pages."""

import http.client
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from euterpe_stack.access import Access
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.errors import StackError
from euterpe_stack.gateway import CONFIGURATION, gateway_process
from euterpe_stack.loopback import require_free
from euterpe_stack.ports import free_port
from euterpe_stack.services import SERVICE_NAMES


class Upstream:
    """Answers with its own name, the path and the request id; `/readyz` as `ready` says; `…/events` slowly."""

    def __init__(self, name: str) -> None:
        self.ready = True
        self.refuses = False
        self.posts_begun = self.posts_read = 0
        self.release = threading.Event()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith("/events"):
                    self._events()
                    return
                refused = upstream.refuses or (self.path == "/readyz" and not upstream.ready)
                status = 503 if refused else 200
                self._answer(
                    status,
                    {
                        "service": name,
                        "path": self.path,
                        "id": self.headers.get("X-Request-ID"),
                        "forwarded": self.headers.get("X-Forwarded-For"),
                    },
                )

            def do_POST(self) -> None:
                upstream.posts_begun += 1
                self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.headers.get("transfer-encoding") == "chunked":
                    while size := int(self.rfile.readline() or b"-1", 16):
                        if size < 0:  # cut off by the gateway
                            return
                        self.rfile.read(size + 2)
                upstream.posts_read += 1
                self._answer(200, {"service": name})

            def _answer(self, status: int, body: dict[str, object]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _events(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(b"event: queued\n\n")
                self.wfile.flush()
                upstream.release.wait(20)
                self.wfile.write(b"event: done\n\n")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Upstream]]:
    servers = {name: Upstream(name) for name in SERVICE_NAMES}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def upstreams(servers: dict[str, Upstream]) -> dict[str, Upstream]:
    for server in servers.values():
        server.ready, server.refuses, server.posts_begun, server.posts_read = True, False, 0, 0
        server.release.clear()
    return servers


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, servers: dict[str, Upstream]) -> Iterator[httpx.Client]:
    with running_gateway(tmp_path_factory.mktemp("data"), {name: s.port for name, s in servers.items()}) as client:
        yield client


@contextmanager
def running_gateway(
    directory: Path, ports: dict[str, int], pages: Path | None = None, access: Access | None = None
) -> Iterator[httpx.Client]:
    access = access or Access()
    data = DataDirectory(directory)
    data.acquire()
    gateway = gateway_process(port := free_port(), ports, data, pages=pages, access=access)
    gateway.start()
    with httpx.Client(base_url=f"{access.scheme}://localhost:{port}", timeout=15, verify=False) as client:
        gateway.wait_until(lambda: _answers(client), seconds=20)
        yield client
    gateway.request_stop()
    gateway.wait_stopped(10)
    data.release()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/v1/auth/token", "auth"),
        ("/.well-known/jwks.json", "auth"),
        ("/api/v1/auth/openapi.json", "auth"),
        ("/api/v1/songs", "library"),
        ("/api/v1/songs/1/midi", "library"),
        ("/api/v1/library/openapi.json", "library"),
        ("/api/v1/generations", "generator"),
        ("/api/v1/generations/1/midi", "generator"),
        ("/api/v1/models", "generator"),
        ("/api/v1/generator/openapi.json", "generator"),
        ("/api/v1/audio/1.mp3", "converter"),
        ("/api/v1/conversions", "converter"),
        ("/api/v1/converter/openapi.json", "converter"),
    ],
)
def test_each_path_reaches_its_service_unchanged(client: httpx.Client, path: str, service: str) -> None:
    answer = client.get(f"{path}?q=a%2Fb", headers={"X-Request-ID": "abc"})
    assert answer.json() == {
        "service": service, "path": f"{path}?q=a%2Fb", "id": "abc", "forwarded": "127.0.0.1"
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/healthz",
        "/api/v1/auth/service-token",
        "/api/v1/auth/service-token/",
        "/api/v1/auth/service%2Dtoken",
        "/api/v1/auth//service-token",
        "/api/v1/auth/x/..%2Fservice-token",
        "/api/v1/songs/..%2F..%2F..%2Fmetrics",
        "/api/v1/songsters",
        "/secrets.json",
        "/Caddyfile",
    ],
)
def test_unknown_paths_are_not_found(client: httpx.Client, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.request(method, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/not-found"


def test_an_unavailable_service_is_answered_with_503_and_retry_after(
    tmp_path: Path, upstreams: dict[str, Upstream]
) -> None:
    ports = {name: server.port for name, server in upstreams.items()} | {"library": free_port()}
    with running_gateway(tmp_path, ports) as client:
        answer = client.get("/api/v1/songs")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["type"] == "/problems/unavailable"
        assert client.get("/api/v1/models").status_code == 200
        assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize("service", SERVICE_NAMES)
def test_readiness_needs_all_services(client: httpx.Client, upstreams: dict[str, Upstream], service: str) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    upstreams[service].ready = False
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)


@pytest.mark.parametrize(("path", "limit"), [("/api/v1/conversions", 12_000_000), ("/api/v1/auth/users", 16_384)])
def test_large_bodies_are_refused_by_the_gateway(
    client: httpx.Client, upstreams: dict[str, Upstream], path: str, limit: int
) -> None:
    assert client.post(path, content=b"x" * limit).status_code == 200
    assert sum(server.posts_read for server in upstreams.values()) == 1
    answer = client.post(path, content=b"x" * (limit + 1))
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/payload-too-large")
    assert f"{limit} bytes" in answer.json()["detail"]
    chunked = client.post(path, content=iter([b"x" * 65_536] * (limit // 65_536 + 2)))
    assert chunked.status_code == 413
    assert sum(server.posts_read for server in upstreams.values()) == 1


def test_a_service_receives_small_requests_complete(client: httpx.Client, upstreams: dict[str, Upstream]) -> None:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 80), timeout=10) as connection:
        connection.sendall(b"POST /api/v1/songs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
        time.sleep(0.3)
        assert upstreams["library"].posts_begun == 0
        connection.sendall(b"body")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, upstreams["library"].posts_begun) == (200, 1)


def test_events_are_not_buffered(client: httpx.Client, upstreams: dict[str, Upstream]) -> None:
    with client.stream("GET", "/api/v1/generations/1/events") as answer:
        lines = answer.iter_lines()
        # The second event is sent only once the first has arrived.
        assert next(lines) == "event: queued"
        upstreams["generator"].release.set()
        assert [line for line in lines if line] == ["event: done"]


def test_only_the_list_of_models_is_compressed(client: httpx.Client) -> None:
    headers = {"Accept-Encoding": "gzip"}
    with client.stream("GET", "/api/v1/models?" + "x" * 2000, headers=headers) as answer:
        assert answer.headers["content-encoding"] == "gzip"
    with client.stream("GET", "/api/v1/generations/1?" + "x" * 2000, headers=headers) as answer:
        assert "content-encoding" not in answer.headers


def test_responses_have_security_headers_and_no_server_name(client: httpx.Client) -> None:
    for path in ("/", "/api/v1/models", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert not {"server", "via"} & set(headers)


def test_the_static_page_links_all_documents_and_no_other_host(client: httpx.Client) -> None:
    page = client.get("/").text
    for service in SERVICE_NAMES:
        assert f'href="/api/v1/{service}/openapi.json"' in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert client.get("/style.css").headers["content-type"].startswith("text/css")


def test_the_openapi_document_describes_all_services(client: httpx.Client) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert {"/api/v1/auth/users", "/api/v1/songs", "/api/v1/generations", "/api/v1/soundfonts"} <= answer.json()[
        "paths"
    ].keys()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, servers: dict[str, Upstream]) -> Iterator[httpx.Client]:
    """A gateway with pages as a build leaves them."""
    directory = tmp_path_factory.mktemp("pages")
    dist = directory / "dist"
    dist.mkdir()
    (dist / "index.html").write_text("<e-root ngCspNonce='{{placeholder `http.request.uuid`}}'>the pages</e-root>")
    (dist / "main-N5GNB4XA.js").write_text("plain")
    (dist / "main-N5GNB4XA.js.br").write_text("compressed")
    (dist / ".digest").write_text("hidden")
    (dist / "soundfont").mkdir()
    (dist / "soundfont/0.sf3").write_bytes(b"RIFF")
    (dist / "synthesizer").mkdir()
    (dist / "synthesizer/processor.js").write_text("worklet")
    with running_gateway(directory / "data", {name: s.port for name, s in servers.items()}, dist) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/library", "/library/playlists/1", "/s/token", "/register"])
def test_a_deep_link_opens_the_pages(pages: httpx.Client, path: str) -> None:
    answer = pages.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert "the pages" in answer.text


def test_every_route_of_the_pages_is_a_page() -> None:
    source = (Path(__file__).parents[3] / "web/src/app/app.routes.ts").read_text()
    routes = {path for path in re.findall(r"path: '([^']*)'", source) if path != "**"}
    assert len(routes) > 5
    pages = re.search(r"@page path (.*)", (CONFIGURATION.parent / "pages.caddy").read_text())
    assert pages is not None
    for route in routes:
        path = "/" + re.sub(r":\w+", "x", route)
        matching = [page for page in pages[1].split() if path == page or path.startswith(page.removesuffix("*"))]
        assert any(path == page or page.endswith("/*") for page in matching), path


@contextmanager
def with_true_index(directory: Path, ports: dict[str, int]) -> Iterator[httpx.Client]:
    (directory / "dist").mkdir()
    source = Path(__file__).parents[3] / "web/src/index.html"
    (directory / "dist/index.html").write_text(source.read_text())
    access = Access(hosts=("localhost", "euterpe.example"))
    with running_gateway(directory / "data", ports, directory / "dist", access) as client:
        yield client


def test_the_page_of_a_shared_link_contains_its_preview(tmp_path: Path, upstreams: dict[str, Upstream]) -> None:
    with with_true_index(tmp_path, {name: server.port for name, server in upstreams.items()}) as client:
        wanted = '"path": "/api/v1/library/shared/a-token_1/head?origin='
        host = f"localhost:{client.base_url.port}".replace(":", "%3A")
        assert f'{wanted}http://{host}"' in client.get("/s/a-token_1").text
        proxied = client.get("/s/a-token_1", headers={"Host": "euterpe.example", "X-Forwarded-Proto": "https"})
        assert f'{wanted}https://euterpe.example"' in proxied.text
        for path in ("/", "/library", "/s/a/b", "/s/%7B%7Benv%20%22HOME%22%7D%7D"):
            assert "/head?" not in client.get(path).text, path
        upstreams["library"].refuses = True
        refused = client.get("/s/a-token_1")
        assert (refused.status_code, "<e-root" in refused.text, "service" in refused.text) == (200, True, False)


def test_the_page_of_a_shared_link_opens_without_the_library(tmp_path: Path, upstreams: dict[str, Upstream]) -> None:
    ports = {name: server.port for name, server in upstreams.items()} | {"library": free_port()}
    with with_true_index(tmp_path, ports) as client:
        answer = client.get("/s/token")
        assert (answer.status_code, "<e-root" in answer.text, "problem" in answer.text) == (200, True, False)


def test_styles_are_allowed_by_a_nonce_per_response(pages: httpx.Client) -> None:
    nonces = set()
    for _ in range(2):
        answer = pages.get("/")
        nonce = re.search(r"style-src 'self' 'nonce-([0-9a-f-]{36})'", answer.headers["content-security-policy"])
        assert nonce is not None
        assert f"ngCspNonce='{nonce[1]}'" in answer.text
        assert "etag" not in answer.headers
        # WebAssembly may be compiled, but neither eval nor inline scripts and styles are allowed.
        policy = answer.headers["content-security-policy"].replace("'wasm-unsafe-eval'", "")
        assert "unsafe" not in policy
        nonces.add(nonce[1])
    assert len(nonces) == 2


def test_hashed_files_are_cacheable_and_precompressed(pages: httpx.Client) -> None:
    answer = pages.get("/main-N5GNB4XA.js", headers={"Accept-Encoding": "identity"})
    assert answer.text == "plain"
    assert "immutable" in answer.headers["cache-control"]
    assert "content-security-policy" not in answer.headers
    with pages.stream("GET", "/main-N5GNB4XA.js", headers={"Accept-Encoding": "br"}) as stream:
        assert stream.headers["content-encoding"] == "br"
        assert b"".join(stream.iter_raw()) == b"compressed"


def test_soundfonts_are_cached_and_the_synthesizer_is_revalidated(pages: httpx.Client) -> None:
    soundfont = pages.get("/soundfont/0.sf3")
    assert (soundfont.content, soundfont.headers["cache-control"]) == (b"RIFF", "public, max-age=2592000")
    assert pages.get("/synthesizer/processor.js").headers["cache-control"] == "no-cache"
    assert pages.get("/soundfont/999.sf3").status_code == 404


def test_browsers_get_the_404_page_and_programs_a_problem(pages: httpx.Client) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}
    answer = pages.get("/nowhere", headers=browser)
    assert (answer.status_code, "the pages" in answer.text) == (404, True)
    for path in ("/nowhere", "/.digest", "/main-00000000.js"):
        assert pages.get(path).headers["content-type"] == "application/problem+json"
    for path in ("/api/v1/nowhere", "/.digest"):
        assert "hidden" not in pages.get(path, headers=browser).text
    assert pages.get("/api/v1/nowhere", headers=browser).headers["content-type"] == "application/problem+json"


def test_a_port_in_use_is_reported(client: httpx.Client) -> None:
    assert client.base_url.port is not None
    with pytest.raises(StackError, match=rf"^Port {client.base_url.port} is in use; .*EUTERPE_PORT to another port\.$"):
        require_free(client.base_url.port)


SECRET = "mJ0w3Xb1p5cV8nQe7sTzR2uYk4iLaH6d"


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/library/shared/{SECRET}/events",
        f"/api/v1/audio/1.mp3?share={SECRET}&path=/events",
        f"/api/v1/audio/1.mp3?bitrate=128&share={SECRET}&path=/events",
    ],
)
def test_aborted_requests_are_logged_without_secrets(tmp_path: Path, upstreams: dict[str, Upstream], path: str) -> None:
    with running_gateway(tmp_path, {name: server.port for name, server in upstreams.items()}) as client:
        headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"a={SECRET}", "Referer": f"http://x/s/{SECRET}"}
        with client.stream("GET", path, headers=headers) as response:
            next(response.iter_raw())
        log = tmp_path / "logs" / "gateway.log"
        deadline = time.monotonic() + 10
        while "aborting" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
    for server in upstreams.values():
        server.release.set()
    text = log.read_text()
    assert "[hidden]" in text
    assert SECRET not in text


def _certificate(directory: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "euterpe.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("euterpe.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = directory / "tls.crt", directory / "tls.key"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pem, key_pem


def test_the_gateway_serves_its_own_certificate(tmp_path: Path, upstreams: dict[str, Upstream]) -> None:
    pem, key = _certificate(tmp_path)
    access = Access(hosts=("euterpe.example", "localhost"), certificate=pem, key=key)
    with running_gateway(tmp_path, {name: s.port for name, s in upstreams.items()}, access=access) as client:
        answer = client.get("/api/v1/songs", headers={"Host": "euterpe.example"})
        assert answer.json()["service"] == "library"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        served = ssl.get_server_certificate(("127.0.0.1", client.base_url.port or 0))
    assert served.strip() == pem.read_text().strip()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.2", "evil.example:8080"])
def test_unknown_hosts_are_refused(client: httpx.Client, host: str) -> None:
    for path in ("/", "/s/token", "/api/v1/songs", "/api/v1/openapi.json"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421, path
        assert host not in answer.text


def test_plain_http_has_no_transport_security_unless_a_proxy_has_it(client: httpx.Client) -> None:
    assert "strict-transport-security" not in client.get("/").headers
    assert "strict-transport-security" in client.get("/", headers={"X-Forwarded-Proto": "https"}).headers


@pytest.mark.parametrize(("trusted", "expected"), [((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.9, 127.0.0.1")])
def test_forwarded_addresses_of_trusted_proxies_are_passed_on(
    tmp_path: Path, upstreams: dict[str, Upstream], trusted: tuple[str, ...], expected: str
) -> None:
    ports = {name: server.port for name, server in upstreams.items()}
    with running_gateway(tmp_path, ports, access=Access(trusted_proxies=trusted)) as client:
        url = f"http://127.0.0.1:{client.base_url.port}/api/v1/songs"
        answer = client.get(url, headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.json()["forwarded"] == expected
