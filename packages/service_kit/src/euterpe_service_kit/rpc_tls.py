"""Mutual TLS between services: both ends of a connection show a certificate of one certificate authority.

A directory has the files of a Kubernetes TLS Secret, as cert-manager writes them: `tls.crt`, `tls.key` and `ca.crt`.
TLS protects the connection; service tokens decide who may call a method (docs/adr/0002-service-tokens.md).
"""

from pathlib import Path
from typing import NamedTuple

import grpc
import structlog

log = structlog.get_logger(__name__)


class _Pem(NamedTuple):
    key: bytes
    certificate: bytes
    authority: bytes


def server_credentials(directory: Path) -> grpc.ServerCredentials:
    """Return credentials that require a client certificate. New connections get the files as they then are.

    Raises OSError if a file is missing.
    """
    current = _read(directory)

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal current
        try:
            latest = _read(directory)
        except OSError as error:
            log.warning("certificate_not_read", directory=str(directory), error=repr(error))
            return None
        if latest == current:
            return None
        current = latest
        return _configuration(latest)

    first = _configuration(current)
    # The stubs do not know that None stands for unchanged files.
    return grpc.dynamic_ssl_server_credentials(first, renewed, True)  # type: ignore[arg-type]


def channel_credentials(directory: Path) -> grpc.ChannelCredentials:
    """Return credentials with the files as they are now, for as long as the channel exists. Raises OSError."""
    files = _read(directory)
    return grpc.ssl_channel_credentials(files.authority, files.key, files.certificate)


def _configuration(files: _Pem) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(files.key, files.certificate)], files.authority)


def _read(directory: Path) -> _Pem:
    return _Pem(*((directory / name).read_bytes() for name in ("tls.key", "tls.crt", "ca.crt")))
