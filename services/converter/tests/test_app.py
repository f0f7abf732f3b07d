"""Readiness, missing dependencies, metrics and the OpenAPI document."""

import asyncio

from euterpe_converter.app import create_app
from euterpe_test_kit.fixtures import running_client


async def test_readiness_checks_every_dependency(client):
    answer = await client.get("/readyz")
    assert (answer.status_code, set(answer.json())) == (
        200,
        {"object_store", "soundfont", "fluidsynth", "ffmpeg", "loops"},
    )


async def test_a_missing_soundfont_is_reported_with_its_package(make_settings, make_midi, tmp_path):
    async with running_client(create_app(make_settings(soundfont=tmp_path / "none.sf2"))) as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["soundfont"] == "SoundFontMissing"
        answer = await client.post("/api/v1/conversions", files={"file": ("a.mid", make_midi())})
        assert answer.status_code == 503
        assert "fluid-soundfont-gm" in answer.json()["detail"]
        assert "retry-after" in answer.headers


async def test_a_missing_fluidsynth_is_reported_with_its_package(make_settings, make_midi):
    async with running_client(create_app(make_settings(fluidsynth="libnosuchsynth.so"))) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["fluidsynth"]) == (503, "ToolMissing")
        answer = await client.post("/api/v1/conversions", files={"file": ("a.mid", make_midi())})
        assert answer.status_code == 503
        assert "Install the package `libfluidsynth3`" in answer.json()["detail"]


async def test_an_unavailable_object_store_is_503_with_retry_after(make_settings, make_midi, object_store_settings):
    away = object_store_settings.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    async with running_client(create_app(make_settings(s3=away))) as client:
        answer = await client.post("/api/v1/conversions", files={"file": ("a.mid", make_midi())})
        assert answer.status_code == 503
        assert "retry-after" in answer.headers


async def test_metrics_count_renders_hits_and_misses(make_settings, make_midi):
    async with running_client(create_app(make_settings())) as client:
        await _check_metrics(client, make_midi)


async def _check_metrics(client, make_midi):
    midi = make_midi()
    for _ in range(2):
        await client.post("/api/v1/conversions", files={"file": ("a.mid", midi)})
    text = (await client.get("/metrics")).text
    for line in (
        'euterpe_converter_renders_total{format="mp3",result="ok"} 1.0',
        'euterpe_converter_cache_lookups_total{result="miss"} 1.0',
        'euterpe_converter_cache_lookups_total{result="hit"} 1.0',
        "euterpe_converter_renders_running 0.0",
        "euterpe_converter_rendered_audio_seconds_total 5.0",
    ):
        assert line in text


async def test_the_openapi_document_describes_both_operations(client):
    document = (await client.get("/api/v1/converter/openapi.json")).json()
    get_audio = document["paths"]["/api/v1/audio/{song_id}.{format}"]["get"]
    convert = document["paths"]["/api/v1/conversions"]["post"]
    assert (get_audio["operationId"], convert["operationId"]) == ("get_song_audio", "convert_midi")
    assert {"audio/wav", "audio/mpeg", "audio/flac"} < set(get_audio["responses"]["200"]["content"])
    assert {"401", "404", "416", "422", "503"} <= set(get_audio["responses"])
    assert {"413", "422", "500", "503"} <= set(convert["responses"])
    assert "multipart/form-data" in convert["requestBody"]["content"]


async def test_rendering_does_not_block_the_event_loop(client, make_midi):
    rendering = asyncio.create_task(client.post("/api/v1/conversions", files={"file": ("a.mid", make_midi(120, 20))}))
    answered = 0
    while not rendering.done():
        assert (await client.get("/healthz")).status_code == 200
        answered += 1
        await asyncio.sleep(0.005)
    assert rendering.result().status_code == 200
    assert answered > 20
