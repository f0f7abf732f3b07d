"""The service as a process: disconnecting clients, signals, and clean-up."""

import asyncio
import json
import os
import signal
import sys

import httpx
import pytest_asyncio
from euterpe_stack.ports import free_port


@pytest_asyncio.fixture
async def service(make_settings, tmp_path):
    """Start `python -m euterpe_converter`; yield the process and its URL when it is ready."""
    settings, port = make_settings(), free_port()
    environment = {
        "PORT": str(port),
        "S3__ENDPOINT_URL": settings.s3.endpoint_url,
        "S3__BUCKET": settings.s3.bucket,
        "S3__ACCESS_KEY_ID": settings.s3.access_key_id,
        "S3__SECRET_ACCESS_KEY": settings.s3.secret_access_key.get_secret_value(),
        "JWKS_URL": settings.jwks_url,
        "PEER": json.dumps(settings.peer.model_dump() | {"client_secret": "unused"}),
        "LIBRARY_TARGET": settings.library_target,
        "WORKERS": "2",
        # Long enough for a busy machine.
        "SHUTDOWN_GRACE_SECONDS": "60",
    }
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "euterpe_converter"),
            env=os.environ | {f"EUTERPE_CONVERTER_{name}": value for name, value in environment.items()},
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    break
            except httpx.TransportError:
                assert process.returncode is None, (tmp_path / "log").read_text()
            await asyncio.sleep(0.05)
    yield process, url
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_a_render_is_cancelled_when_its_only_client_disconnects(service, make_midi, renders, eventually):
    process, url = service
    files = {"file": ("long.mid", make_midi(1100, 60))}
    async with httpx.AsyncClient(timeout=60) as client:
        asking = asyncio.create_task(client.post(f"{url}/api/v1/conversions", files=files))
        await eventually(lambda: len(renders(process.pid)) == 1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await eventually(lambda: not renders(process.pid))
        assert 'result="cancelled"} 1.0' in (await client.get(f"{url}/metrics")).text


async def test_a_render_continues_for_the_remaining_client(service, make_midi, renders, eventually):
    process, url = service
    files = {"file": ("long.mid", make_midi(300, 20))}
    async with httpx.AsyncClient(timeout=60) as first, httpx.AsyncClient(timeout=60) as second:
        disconnecting = asyncio.create_task(first.post(f"{url}/api/v1/conversions", files=files))
        remaining = asyncio.create_task(second.post(f"{url}/api/v1/conversions", files=files))
        await eventually(lambda: len(renders(process.pid)) == 1)
        disconnecting.cancel()
        await asyncio.gather(disconnecting, return_exceptions=True)
        assert (await remaining).status_code == 200
        assert 'result="cancelled"' not in (await second.get(f"{url}/metrics")).text


async def test_running_renders_finish_after_sigterm(service, make_midi, renders, eventually):
    process, url = service
    async with httpx.AsyncClient(timeout=60) as client:
        files = {"file": ("a.mid", make_midi(120, 20))}
        asking = asyncio.create_task(client.post(f"{url}/api/v1/conversions", files=files))
        await eventually(lambda: len(renders(process.pid)) == 1)
        process.send_signal(signal.SIGTERM)
        answer = await asking
    assert answer.status_code == 200
    assert answer.content.startswith(b"ID3")
    async with asyncio.timeout(20):
        await process.wait()
    assert renders(process.pid) == []
