"""`kill -9` of every process of the product: no acknowledged generation is lost or composed twice."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of its own: other test processes use the shared one meanwhile."""
    product = Product(tmp_path_factory.mktemp("crash"))
    product.start()
    yield product
    product.stop()


@pytest.mark.parametrize("name", ["auth", "library", "converter", "caddy", "weed", "postgres"])
def test_killed_process_is_restarted(product: Any, name: str) -> None:
    with product.log_in_new_user() as client:
        song = client.post("/generations", json={"length": 60}, headers={"Prefer": "wait=60"}).json()["song_id"]
        killed = product.pid_of(name)
        os.kill(killed, signal.SIGKILL)

        def works_again() -> bool:
            try:
                ready = httpx.get(f"{product.url}/readyz", timeout=10).status_code == 200
                return ready and product.pid_of(name) != killed
            except (httpx.HTTPError, AssertionError):
                return False

        product.wait_for(works_again)
        assert client.get(f"/songs/{song}/midi").status_code == 200
        generation = client.post("/generations", json={"length": 60}, headers={"Prefer": "wait=60"}).json()
        assert client.get(f"/audio/{generation['song_id']}.mp3").status_code == 200
        assert len(client.get("/songs").json()["items"]) == 2


async def test_generations_complete_once_after_a_killed_generator(product: Any, max_length: int) -> None:
    titles = {seed: f"Piece {seed}" for seed in range(60)}
    with product.log_in_new_user() as client:
        requested = {
            seed: client.post("/generations", json={"length": max_length, "seed": seed, "title": title}).json()["id"]
            for seed, title in titles.items()
        }
        os.kill(product.pid_of("generator"), signal.SIGKILL)
        interrupted = await unfinished(product)
        assert interrupted, "the generator finished before it was killed"

        for generation in requested.values():
            wait_for_success(product, client, generation)
        songs = client.get("/songs", params={"limit": 100}).json()["items"]
        assert sorted(song["title"] for song in songs) == sorted(titles.values())
        assert sorted(song["seed"] for song in songs) == sorted(titles)

        # The same requests without a kill give the same bytes.
        with product.log_in_new_user() as other:
            for seed in sorted(interrupted)[:5]:
                request = {"length": max_length, "seed": seed, "title": titles[seed]}
                again = other.post("/generations", json=request, headers={"Prefer": "wait=60"}).json()
                uninterrupted = other.get(f"/generations/{again['id']}/midi").content
                assert client.get(f"/generations/{requested[seed]}/midi").content == uninterrupted


async def unfinished(product: Any) -> set[int]:
    """Return the seeds of the pieces that were being composed when the generator was killed."""
    (port,) = {
        word.partition("=")[2]
        for command in product.processes().values()
        for word in command.split()
        if word.startswith("port=")
    }
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=int(port),
        user="euterpe_generator",
        password=product.secrets()["database_passwords"]["generator"],
        database="euterpe",
    )
    rows = await connection.fetch("SELECT seed FROM generator.generations WHERE status = 'running'")
    await connection.close()
    return {row["seed"] for row in rows}


def wait_for_success(product: Any, client: httpx.Client, generation: str) -> None:
    def ended() -> bool:
        response = client.get(f"/generations/{generation}")
        return response.status_code == 200 and response.json()["status"] == "succeeded"

    product.wait_for(ended)
