"""A worker sets its pod's deletion cost through an API server with TLS, and composes if that fails."""

import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from euterpe_generator.app import create_app
from euterpe_generator.clients.pod import PodDeletionCost
from euterpe_generator.settings import Settings
from euterpe_test_kit.fixtures import running_client


class ApiServer:
    """Answers patches of pods of the namespace music with the token `right`."""

    def __init__(self, directory: Path) -> None:
        self.patches: list[tuple[str, str | None, dict[str, object]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PATCH(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                is_permitted = self.headers["Authorization"] == "Bearer right"
                if is_permitted:
                    outer.patches.append((self.path, self.headers["Content-Type"], body))
                self.send_response(200 if is_permitted else 403)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*write_certificate(directory, "server"))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.environment = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self._server.server_port),
        }
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def write_certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(minutes=1)).not_valid_after(now + timedelta(hours=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    crt, pem = directory / f"{name}.crt", directory / f"{name}.key"
    crt.write_bytes(certificate.public_bytes(Encoding.PEM))
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return crt, pem


@pytest.fixture
def api_server(tmp_path: Path) -> Iterator[ApiServer]:
    server = ApiServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def account(tmp_path: Path, api_server: ApiServer) -> Path:
    """The files that Kubernetes mounts in a pod."""
    directory = tmp_path / "account"
    directory.mkdir()
    (directory / "token").write_text("right")
    (directory / "namespace").write_text("music")
    (directory / "ca.crt").write_text((tmp_path / "server.crt").read_text())
    return directory


async def test_the_annotation_of_the_own_pod_is_patched(api_server: ApiServer, account: Path) -> None:
    await PodDeletionCost("worker-1", directory=account, environment=api_server.environment).set(-1)
    [(path, content_type, body)] = api_server.patches
    assert path == "/api/v1/namespaces/music/pods/worker-1"
    assert content_type == "application/merge-patch+json"
    assert body == {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-1"}}}


async def test_a_renewed_token_is_used(api_server: ApiServer, account: Path) -> None:
    cost = PodDeletionCost("worker-1", directory=account, environment=api_server.environment)
    (account / "token").write_text("ended")
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        await cost.set(-1)
    (account / "token").write_text("right\n")
    await cost.set(-1)
    assert len(api_server.patches) == 1


async def test_a_server_of_another_authority_gets_no_token(
    api_server: ApiServer, account: Path, tmp_path: Path
) -> None:
    other, _ = write_certificate(tmp_path, "other")
    (account / "ca.crt").write_text(other.read_text())
    with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
        await PodDeletionCost("worker-1", directory=account, environment=api_server.environment).set(-1)
    assert not api_server.patches


async def test_a_worker_without_a_token_composes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("euterpe_generator.worker.idleness.IDLE_SECONDS", 0.0)
    async with running_client(create_app(settings.model_copy(update={"pod_name": "worker-1"}))) as client:
        done = await client.post("/api/v1/generations", json={"length": 20}, headers={"Prefer": "wait=20"})
        assert done.json()["status"] == "succeeded"
        assert (await client.get("/readyz")).status_code == 200
