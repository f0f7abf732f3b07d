"""What a running product has in its processes, its database and its bucket."""

import json
from pathlib import Path

import asyncpg
from euterpe_stack.bootstrap import DATABASE
from euterpe_stack.object_store import S3Credentials, s3_client
from euterpe_stack.postgres import Postgres, running_port
from euterpe_stack.services import BUCKET
from product import Product, children, part_of


class Installation:
    """Reads a product on this machine with the passwords of its data directory."""

    def __init__(self, product: Product, data: Path) -> None:
        self._product = product
        self._data = data

    def pids(self) -> dict[str, int]:
        """Return the process ids of the supervisor's children by name."""
        found = {}
        for pid in children(self._product.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
            except OSError:
                continue
            if command:
                found[part_of(command)] = pid
        return found

    def memory_bytes(self) -> dict[str, int]:
        """Return the memory of each part with its child processes: anonymous and shared memory, without files.

        Pages of files would be counted less while other programs use them, too.
        """
        return {name: _memory_bytes(pid) for name, pid in self.pids().items()}

    async def songs(self) -> list[tuple[int, str]]:
        """Return the seed and the MIDI key of every song."""
        rows = await self._fetch("SELECT seed, midi_key FROM library.songs")
        return [(row["seed"], row["midi_key"]) for row in rows]

    async def orphans(self) -> set[str]:
        """Return the MIDI files in the bucket to which no song, generation or pending removal refers."""
        referred = await self._fetch(
            "SELECT midi_key FROM library.songs UNION SELECT original_key FROM library.songs "
            "UNION SELECT midi_key FROM generator.generations UNION SELECT midi_key FROM library.artifact_garbage"
        )
        secrets = self._secrets()
        client = s3_client(
            json.loads((self._data / "services.json").read_text())["s3"], S3Credentials(**secrets["s3_admin"])
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="midi/")
        stored = {item["Key"] for page in pages for item in page.get("Contents", [])}
        return stored - {row["midi_key"] for row in referred}

    async def _fetch(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=running_port(self._data / "postgres"),
            user=Postgres.superuser,
            password=self._secrets()["postgres_superuser_password"],
            database=DATABASE,
        )
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement)
        finally:
            await connection.close()
        return rows

    def _secrets(self) -> dict[str, dict[str, str]]:
        secrets: dict[str, dict[str, str]] = json.loads((self._data / "secrets.json").read_text())
        return secrets


def _memory_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        own = 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
        return own + sum(map(_memory_bytes, children(pid)))
    except OSError:
        # It has ended.
        return 0
