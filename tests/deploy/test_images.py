"""The images that `make images` built, run as the chart runs them: unprivileged, over a read-only root.

They need podman, and the images: `make images test-images`. EUTERPE_IMAGE_REGISTRY and EUTERPE_IMAGE_TAG name others.
"""

import json
import os
import secrets
import shutil
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_stack.ports import free_port
from euterpe_test_kit.databases import DatabaseFactory

from tests.deploy.containers import podman
from tests.deploy.rendering import REPOSITORY, SERVICES

pytestmark = pytest.mark.images

REGISTRY = os.environ.get("EUTERPE_IMAGE_REGISTRY", "localhost")
TAG = os.environ.get("EUTERPE_IMAGE_TAG", "0.1.0")
#: As the chart's pods are.
CONFINED = ["--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp:rw,mode=1777", "--cap-drop=ALL"]
CONFINED += ["--security-opt=no-new-privileges", "--network=host", "--user=10001:10001"]
#: Megabytes over the base; the converter's without its SoundFont.
LIMITS = {"auth": 200, "library": 200, "generator": 300, "converter": 350}


def image(name: str) -> str:
    """An image's full name."""
    return f"{REGISTRY}/euterpe-{name}:{TAG}"


def inside(name: str, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a shell script in an image, confined."""
    return podman("run", "--rm", *CONFINED, "--entrypoint=/bin/sh", image(name), "-c", script, check=False)


@pytest.fixture(scope="module", autouse=True)
def _podman() -> None:
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")


@contextmanager
def running(name: str, environment: dict[str, str], *arguments: str, mounts: tuple[str, ...] = ()) -> Iterator[str]:
    """A container, removed at the end; its log is shown when the test fails."""
    container = f"euterpe-test-{name}-{secrets.token_hex(4)}"
    options = [f"--env={key}={value}" for key, value in environment.items()] + [f"--volume={mount}" for mount in mounts]
    podman("run", "--detach", f"--name={container}", *CONFINED, *options, image(name), *arguments)
    try:
        yield container
    finally:
        print(podman("logs", container, check=False).stdout[-3000:])
        podman("rm", "--force", "--time=10", container, check=False)


def wait_for(url: str, *, seconds: float = 60) -> httpx.Response:
    """The first response with status 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = httpx.get(url)
            if answer.status_code == 200 or time.monotonic() > deadline:
                return answer
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def environment(service: str, port: int, databases: DatabaseFactory, store: ObjectStoreSettings) -> dict[str, str]:
    """What a service needs to be ready."""
    prefix = f"EUTERPE_{service.upper()}_"
    fields = {"PORT": str(port), "GRPC_PORT": "0", "JWKS_URL": "http://127.0.0.1:1/jwks"}
    if service != "converter":
        fields["DATABASE_URL"] = databases.create(
            REPOSITORY / "services" / service, url_variable=f"{prefix}DATABASE_URL"
        )
    if service == "auth":
        fields["KEY_ENCRYPTION_KEY"] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    else:
        fields |= {
            "S3__ENDPOINT_URL": store.endpoint_url or "",
            "S3__BUCKET": store.bucket,
            "S3__ACCESS_KEY_ID": store.access_key_id,
            "S3__SECRET_ACCESS_KEY": store.secret_access_key.get_secret_value(),
        }
    if service in ("generator", "converter"):
        fields |= {"PEER__TOKEN_URL": "http://127.0.0.1:1/", "PEER__CLIENT_ID": "x", "PEER__CLIENT_SECRET": "x"}
        fields |= {"LIBRARY_TARGET": "127.0.0.1:1"}
    if service == "generator":
        fields["MODELS_URL"] = "/models"
    return {prefix + name: value for name, value in fields.items()}


@pytest.mark.parametrize("service", SERVICES)
async def test_service_is_ready_over_a_read_only_root(
    service: str, databases: DatabaseFactory, object_store_settings: ObjectStoreSettings
) -> None:
    port = free_port()
    variables = environment(service, port, databases, object_store_settings)
    models = (f"{REPOSITORY}/packages/music/tests/data:/models:ro",) if service == "generator" else ()
    with running(service, variables, mounts=models) as container:
        answer = wait_for(f"http://127.0.0.1:{port}/readyz")
        assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})
        assert f"euterpe_{service}_http_requests_total" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert podman("exec", container, "id", "-u").stdout.strip() == "10001"
        podman("stop", "--time=30", container)
        # SIGTERM ended it, not SIGKILL (137).
        assert podman("inspect", "--format={{.State.ExitCode}}", container).stdout.strip() == "0"


def test_pages_are_served_over_a_read_only_root() -> None:
    # Caddy's ports are the image's own.
    with running("web", {}) as container:
        assert "Euterpe" in wait_for("http://127.0.0.1:8000/").text
        assert httpx.get("http://127.0.0.1:8001/readyz").status_code == 200
        assert "caddy" in httpx.get("http://127.0.0.1:8001/metrics").text
        for hidden in ("/metrics", "/api/v1/auth/service-token", "/etc/passwd"):
            assert httpx.get(f"http://127.0.0.1:8000{hidden}").status_code == 404
        assert podman("exec", container, "id", "-u").stdout.strip() == "10001"


@pytest.mark.parametrize("part", ["postgres", "object-store"])
def test_trial_parts_serve(part: str, tmp_path: Path) -> None:
    data, mounted = tmp_path / "data", tmp_path / "secrets"
    for directory in (data, mounted):
        directory.mkdir()
        directory.chmod(0o777)
    keys = ("postgres-password", "auth-password", "library-password", "generator-password")
    for key in (*keys, "s3-access-key-id", "s3-secret-access-key"):
        (mounted / key).write_text(secrets.token_hex(16))
    mounts = (f"{data}:/data", f"{mounted}:/secrets:ro")
    with running("trial", {"BUCKET": "music"}, part, mounts=mounts) as container:
        deadline = time.monotonic() + 90
        while podman("exec", container, "test", "-f", "/tmp/ready", check=False).returncode:
            assert time.monotonic() < deadline
            time.sleep(1)
        podman("stop", "--time=30", container)
        assert podman("inspect", "--format={{.State.ExitCode}}", container).stdout.strip() == "0"


@pytest.mark.parametrize("service", ["auth", "library", "generator"])
def test_migrations_run_in_the_image(service: str, databases: DatabaseFactory) -> None:
    variable = f"EUTERPE_{service.upper()}_DATABASE_URL"
    command = ["-m", "alembic", "-c", "/opt/euterpe/alembic.ini", "upgrade", "head"]
    options = [*CONFINED, f"--env={variable}={databases.create_empty()}", "--entrypoint=python"]
    done = podman("run", "--rm", *options, image(service), *command, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [*SERVICES, "web", "trial"])
def test_images_contain_no_build_tools_and_no_setuid_files(name: str) -> None:
    tools = inside(name, "for t in pip pip3 gcc cc make apt-key git curl; do command -v $t; done; true").stdout
    assert not set(tools.split()) - {"/usr/bin/apt-key"}
    assert inside(name, "python -m pip --version").returncode != 0
    assert inside(name, "touch /opt/x /srv/x /etc/x /usr/x").returncode != 0
    settings = json.loads(podman("image", "inspect", image(name)).stdout)[0]
    assert settings["Config"]["User"] == "10001:10001"
    assert settings["Labels"]["org.opencontainers.image.title"] == f"euterpe-{name}"
    assert not settings.get("HealthCheck")


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_image_sizes(name: str, limit: int) -> None:
    base = os.environ.get("BASE_IMAGE")
    if base is None:
        pytest.skip("BASE_IMAGE does not say what the images were made from")
    sizes = [int(podman("image", "inspect", "--format={{.Size}}", each).stdout) for each in (image(name), base)]
    soundfonts = int(
        inside(name, "du -sbc /usr/share/sounds /srv/soundfont 2>/dev/null | tail -1 | cut -f1").stdout or 0
    )
    assert (sizes[0] - sizes[1] - soundfonts) / 1e6 <= limit


def test_the_converter_renders_audio() -> None:
    script = (
        "fluidsynth --version && head -c 705600 /dev/zero | "
        "ffmpeg -nostdin -loglevel error -f s16le -ar 44100 -ac 2 -i pipe:0 "
        "-af afade=t=out:start_sample=0:nb_samples=100 -c:a {codec} -f {format} -y /tmp/x && wc -c < /tmp/x"
    )
    for codec, kind in (("pcm_s16le", "wav"), ("libmp3lame -b:a 192k", "mp3"), ("flac", "flac")):
        done = inside("converter", script.format(codec=codec, format=kind))
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.split()[-1]) > 5_000


def test_the_converter_finds_its_libraries() -> None:
    names = "('libfluidsynth.so.3', 'libmp3lame.so.0', 'libopus.so.0')"
    done = inside("converter", f'python -c "import ctypes; [ctypes.CDLL(name) for name in {names}]"')
    assert done.returncode == 0, done.stderr


def test_the_converter_writes_titles_in_other_scripts_on_pictures() -> None:
    script = (
        "from euterpe_converter.rendering.picture import png; print(*png._drawable(png._font(20), 'Песня'), sep='')"
    )
    done = inside("converter", f'PYTHONIOENCODING=utf-8 python -c "{script}"')
    assert done.stdout.strip() == "Песня", done.stderr
