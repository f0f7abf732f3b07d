"""The four services: what each needs of the others, and its environment."""

import hashlib
import http.client
import json
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from euterpe_stack.bootstrap import DATABASE, role_of
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.object_store import S3User
from euterpe_stack.ports import free_ports
from euterpe_stack.postgres import Postgres
from euterpe_stack.process import ManagedProcess
from euterpe_stack.secret_file import OPERATOR, Secrets
from euterpe_stack.settings import StackSettings, child_environment

BUCKET = "euterpe"

#: All requests come from one address, and load tests send as many as possible.
_REQUESTS_PER_MINUTE = 600_000
#: Networks from which the gateway connects to the services.
_GATEWAY = ("127.0.0.1", "::1")
#: Seconds for open requests to finish when the product stops.
_GRACE_SECONDS = 4
#: glibc keeps an arena per thread; those of the object store's threads would waste memory.
_MALLOC = {"MALLOC_ARENA_MAX": "2"}
#: The memory of a password hash, 19 MiB, is returned to the system at once. By default glibc keeps that of two to three
#: hashes. Huge pages make up for the time that fresh memory takes.
_AUTH_MALLOC = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=4194304:glibc.malloc.hugetlb=1"}


_ALL = ("Read", "Write", "List")


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What one service needs of the others."""

    name: str
    has_database: bool = False
    #: Permitted actions (Read, Write, which includes deleting, and List) by prefix of keys; empty without objects.
    #: Without List, a missing object would be a refusal.
    s3_access: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Whether it calls the library with a service token from auth.
    calls_library: bool = False
    serves_rpc: bool = False
    loads_models: bool = False


SERVICES = (
    ServiceSpec("auth", has_database=True),
    ServiceSpec(
        "library",
        has_database=True,
        # The audio of a song is deleted with it.
        s3_access={"midi/": _ALL, "pictures/": _ALL, "audio/": ("Write", "List")},
        serves_rpc=True,
    ),
    ServiceSpec(
        "generator",
        has_database=True,
        s3_access={"midi/": _ALL},
        calls_library=True,
        serves_rpc=True,
        loads_models=True,
    ),
    ServiceSpec("converter", s3_access={"midi/": ("Read", "List"), "audio/": _ALL}, calls_library=True),
)
SERVICE_NAMES = tuple(spec.name for spec in SERVICES)


def s3_users(secrets: Secrets, settings: StackSettings) -> list[S3User]:
    """Return one user of the object store per service that needs it, who reaches only the service's own keys."""
    soundfonts = settings.service_settings.get("EUTERPE_CONVERTER_SOUNDFONTS_PREFIX")
    users = []
    for spec in SERVICES:
        access = dict(spec.s3_access)
        if spec.name == "converter" and soundfonts:
            access[soundfonts] = ("Read", "List")
        if access:
            users.append(S3User(spec.name, secrets.s3_keys[spec.name], BUCKET, access))
    return users


class ServicePorts:
    """Free ports, one for HTTP and one for gRPC per service."""

    def __init__(self) -> None:
        ports = free_ports(2 * len(SERVICES))
        self.http = dict(zip(SERVICE_NAMES, ports, strict=False))
        self.rpc = dict(zip(SERVICE_NAMES, ports[len(SERVICES) :], strict=True))


class ServiceEnvironments:
    """Builds each service's environment."""

    def __init__(
        self, settings: StackSettings, secrets: Secrets, ports: ServicePorts, postgres: Postgres, s3_endpoint: str
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._ports = ports
        self._postgres = postgres
        self._s3_endpoint = s3_endpoint

    def database_url(self, service: str) -> str:
        """Return the URL of the database with the service's role."""
        password = self._secrets.database_passwords[service]
        return self._postgres.url(DATABASE, user=role_of(service), password=password)

    def of(self, spec: ServiceSpec) -> dict[str, str]:
        """Return the complete environment of a service's process."""
        fields = {
            "HOST": "127.0.0.1",
            "PORT": str(self._ports.http[spec.name]),
            "SHUTDOWN_GRACE_SECONDS": str(_GRACE_SECONDS),
            "TRUSTED_PROXIES": json.dumps([*_GATEWAY, *self._settings.access.trusted_proxies]),
        }
        if spec.name == "auth":
            fields |= self._auth_fields()
        else:
            fields["JWKS_URL"] = f"{self._url('auth')}/.well-known/jwks.json"
        if spec.has_database:
            fields["DATABASE_URL"] = self.database_url(spec.name)
        if spec.s3_access:
            fields |= self._s3_fields(spec.name)
        if spec.serves_rpc:
            fields["GRPC_PORT"] = str(self._ports.rpc[spec.name])
        if spec.calls_library:
            fields |= self._peer_fields(spec.name)
        if spec.loads_models:
            fields["MODELS_URL"] = str(self._settings.models)
        prefix = f"EUTERPE_{spec.name.upper()}_"
        process = _MALLOC | (_AUTH_MALLOC if spec.name == "auth" else {}) | {"PYTHONUNBUFFERED": "1"}
        defaults = self._mail_defaults() if spec.name == "auth" else {}
        limits = dict.fromkeys(
            (f"{prefix}{who}_REQUESTS_PER_MINUTE" for who in ("TOKEN", "ADDRESS")), str(_REQUESTS_PER_MINUTE)
        )
        chosen = {name: value for name, value in self._settings.service_settings.items() if name.startswith(prefix)}
        # Addresses of services and servers take precedence over the operator's settings.
        return child_environment(
            limits | defaults | chosen | process | {prefix + name: value for name, value in fields.items()}
        )

    def addresses(self) -> dict[str, str]:
        """Return the URLs of the services and of S3, which only processes of this machine can reach."""
        return {spec.name: self._url(spec.name) for spec in SERVICES} | {"s3": self._s3_endpoint}

    def _url(self, service: str) -> str:
        return f"http://127.0.0.1:{self._ports.http[service]}"

    @property
    def _library_target(self) -> str:
        return f"127.0.0.1:{self._ports.rpc['library']}"

    def _auth_fields(self) -> dict[str, str]:
        callers = [spec.name for spec in SERVICES if spec.calls_library]
        secrets = self._secrets.client_secrets
        digests = {name: hashlib.sha256(secret.encode()).hexdigest() for name, secret in secrets.items()}
        return {
            "SERVICE_CLIENTS": json.dumps({name: digests[name] for name in callers}),
            "ADMIN_CLIENTS": json.dumps({OPERATOR: digests[OPERATOR]}),
            "KEY_ENCRYPTION_KEY": self._secrets.key_encryption_key,
            "LIBRARY_TARGET": self._library_target,
            "GENERATOR_TARGET": f"127.0.0.1:{self._ports.rpc['generator']}",
        }

    def _mail_defaults(self) -> dict[str, str]:
        """Settings of mails that the operator can replace; without a mail server, mails are written into a folder."""
        defaults = {"EUTERPE_AUTH_PUBLIC_URL": self._settings.url}
        folder = self._settings.mail_folder
        return defaults if folder is None else defaults | {"EUTERPE_AUTH_MAIL_FOLDER": str(folder)}

    def _s3_fields(self, service: str) -> dict[str, str]:
        key = self._secrets.s3_keys[service]
        return {
            "S3__ENDPOINT_URL": self._s3_endpoint,
            "S3__BUCKET": BUCKET,
            "S3__ACCESS_KEY_ID": key.access_key_id,
            "S3__SECRET_ACCESS_KEY": key.secret_access_key,
        }

    def _peer_fields(self, service: str) -> dict[str, str]:
        return {
            "PEER__TOKEN_URL": f"{self._url('auth')}/api/v1/auth/service-token",
            "PEER__CLIENT_ID": service,
            "PEER__CLIENT_SECRET": self._secrets.client_secrets[service],
            "LIBRARY_TARGET": self._library_target,
        }


def service_process(
    spec: ServiceSpec, environment: dict[str, str], data: DataDirectory, *, inherited: Sequence[int]
) -> ManagedProcess:
    """Return the service's process, not yet started."""
    command = [sys.executable, "-m", f"euterpe_{spec.name}"]
    return ManagedProcess(
        spec.name, command, log=data.log(spec.name), env=environment, cwd=Path("/"), inherited=inherited
    )


def is_ready(port: int, *, is_tls: bool = False) -> bool:
    """Return whether `/readyz` on the loopback port answers 200. The certificate's name is that of another address."""
    connection: http.client.HTTPConnection
    if is_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=3, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
