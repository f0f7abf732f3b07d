"""Compose one song with the services at $AUTH_URL, $GENERATOR_URL, $LIBRARY_URL and $CONVERTER_URL, and download it.

Standard library only. The exit status is 0 if a new user's library has the song as MIDI and as MP3.
"""

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

DEADLINE = time.monotonic() + 240


def call(service: str, path: str, *, body: object = None, form: object = None, token: str = "") -> bytes:
    """Send one request; retry 503 and refused connections until the deadline."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
    if path.endswith("/generations"):
        headers |= {"Prefer": "wait=30", "Idempotency-Key": KEY}
    url = os.environ[f"{service.upper()}_URL"] + path
    while True:
        try:
            request = urllib.request.Request(url, data, headers)  # noqa: S310 - the chart's own URL
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            print(f"{path}: {error.code} {error.read()[:300]!r}", flush=True)
            if error.code not in (429, 502, 503, 504):
                raise
        except OSError as error:
            print(f"{path}: {error!r}", flush=True)
        if time.monotonic() > DEADLINE:
            raise SystemExit(f"{path} did not respond in time")
        time.sleep(2)


KEY = secrets.token_hex(16)


def main() -> int:
    """Register, log in, compose, list songs, download the MIDI file and the audio."""
    user = {"username": f"helm-test-{secrets.token_hex(4)}", "password": secrets.token_urlsafe(24)}
    call("auth", "/api/v1/auth/users", body=user)
    form = {"username": user["username"], "password": user["password"], "grant_type": "password"}
    token = json.loads(call("auth", "/api/v1/auth/token", form=form))["access_token"]
    generation = json.loads(call("generator", "/api/v1/generations", body={"length": 100}, token=token))
    while generation["status"] in ("queued", "running"):
        if time.monotonic() > DEADLINE:
            raise SystemExit("the generation did not complete in time")
        time.sleep(1)
        generation = json.loads(call("generator", f"/api/v1/generations/{generation['id']}", token=token))
    assert generation["status"] == "succeeded", generation
    song = json.loads(call("library", "/api/v1/songs", token=token))["items"][0]
    midi = call("library", f"/api/v1/songs/{song['id']}/midi", token=token)
    assert midi.startswith(b"MThd"), midi[:16]
    audio = call("converter", f"/api/v1/audio/{song['id']}.mp3", token=token)
    assert len(audio) > 10_000, len(audio)
    print(f"composed {song['id']}: {len(midi)} bytes of MIDI, {len(audio)} bytes of MP3")
    return 0


if __name__ == "__main__":
    sys.exit(main())
