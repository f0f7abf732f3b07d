"""The product with its own certificate, as other machines would reach it."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e


class TlsProduct(Product):
    """A product with a certificate for `localhost`."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.certificate, self.key = directory / "tls.crt", directory / "tls.key"
        self.url = f"https://localhost:{self.port}"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def environment(self) -> dict[str, str]:
        """Return the environment with the certificate."""
        tls = {"EUTERPE_TLS_CERTIFICATE": str(self.certificate), "EUTERPE_TLS_KEY": str(self.key)}
        return super().environment() | tls | {"EUTERPE_BIND": "0.0.0.0", "EUTERPE_HOSTS": "music.example"}


@pytest.fixture
def tls_product(tmp_path: Path) -> Iterator[TlsProduct]:
    product = TlsProduct(tmp_path)
    product.start()
    yield product
    product.stop()


def test_the_product_is_served_over_https(tls_product: TlsProduct) -> None:
    assert f"ready at https://music.example:{tls_product.port}" in tls_product.output.read_text()
    context = ssl.create_default_context(cafile=tls_product.certificate)
    with httpx.Client(base_url=tls_product.url, verify=context, timeout=30) as client:
        page = client.get("/")
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert "base-uri 'self'" in page.headers["content-security-policy"]
        own = {"Origin": tls_product.url}
        guest = client.post("/api/v1/auth/guest", json={"delivery": "cookie"}, headers=own).raise_for_status()
        assert guest.headers["set-cookie"].startswith("__Host-euterpe_refresh=")
        assert client.post("/api/v1/auth/refresh", headers=own).status_code == 200
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert client.post("/api/v1/auth/guest", headers=foreign).status_code == 403
    with pytest.raises(httpx.ConnectError):
        httpx.get(tls_product.url, timeout=10)
