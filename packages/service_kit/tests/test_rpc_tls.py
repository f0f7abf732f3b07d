"""Mutual TLS between services: who can connect, and renewed certificates."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from euterpe.library.v1 import library_pb2, library_pb2_grpc
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.rpc_client import peer_channel, peer_errors
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from euterpe_test_kit.issuer import TokenIssuer


class Authority:
    """A certificate authority."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        self.certificate = self._sign(self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=0))

    def issue(self, directory: Path, host: str) -> Path:
        """Write a key, its certificate and the authority's certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = self._sign(name, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(host)]))
        directory.mkdir(exist_ok=True)
        pem = serialization.Encoding.PEM
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (directory / "tls.key").write_bytes(key.private_bytes(pem, *plain))
        (directory / "tls.crt").write_bytes(certificate.public_bytes(pem))
        (directory / "ca.crt").write_bytes(self.certificate.public_bytes(pem))
        return directory

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(minutes=1)).not_valid_after(now + timedelta(hours=1))
        return builder.add_extension(extension, critical=False).sign(self._key, hashes.SHA256())


class Library(library_pb2_grpc.LibraryServiceServicer):
    """Answers every call."""

    async def ResolveArtifact(self, request: object, context: object) -> library_pb2.ResolveArtifactResponse:  # noqa: N802
        return library_pb2.ResolveArtifactResponse(title="Song")


@dataclass
class Peer:
    """A library whose certificate is for localhost."""

    authority: Authority
    directory: Path
    port: int
    tokens: ServiceTokenSource

    async def call(self, certificates: Path | None, host: str = "localhost") -> str:
        """Call the library over a new connection."""
        async with (
            peer_channel(f"{host}:{self.port}", self.tokens, tls=certificates) as channel,
            peer_errors("library"),
        ):
            stub = library_pb2_grpc.LibraryServiceStub(channel)
            answer = await stub.ResolveArtifact(library_pb2.ResolveArtifactRequest(), timeout=20)
        return str(answer.title)


@pytest_asyncio.fixture
async def peer(tmp_path: Path, token_issuer: TokenIssuer) -> AsyncIterator[Peer]:
    authority = Authority()
    directory = authority.issue(tmp_path / "library", "localhost")
    async with httpx.AsyncClient() as http:
        server = RpcServer(TokenVerifier(RemoteKeys(token_issuer.jwks_url, http), SERVICE), tls=directory)
        library_pb2_grpc.add_LibraryServiceServicer_to_server(Library(), server.server)
        port = await server.start("localhost", 0)
        yield Peer(authority, directory, port, ServiceTokenSource(token_issuer.peer, http))
        await server.stop(0)


async def test_only_services_with_a_certificate_of_the_authority_can_call(peer: Peer, tmp_path: Path) -> None:
    own = peer.authority.issue(tmp_path / "generator", "generator")
    assert await peer.call(own) == "Song"
    stranger = Authority().issue(tmp_path / "stranger", "generator")
    # It trusts the server, which does not trust it.
    (stranger / "ca.crt").write_bytes((own / "ca.crt").read_bytes())
    for certificates in (None, stranger):
        with pytest.raises(Unavailable):
            await peer.call(certificates)


async def test_a_server_of_another_name_is_not_trusted(peer: Peer, tmp_path: Path) -> None:
    own = peer.authority.issue(tmp_path / "generator", "generator")
    with pytest.raises(Unavailable):
        await peer.call(own, host="127.0.0.1")


async def test_a_renewed_authority_is_used_for_new_connections(peer: Peer, tmp_path: Path) -> None:
    successor = Authority()
    later = successor.issue(tmp_path / "generator", "generator")
    with pytest.raises(Unavailable):
        await peer.call(later)
    successor.issue(peer.directory, "localhost")
    assert await peer.call(later) == "Song"
