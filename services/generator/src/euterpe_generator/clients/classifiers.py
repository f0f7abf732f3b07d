"""Where the classifier of styles comes from: beside the models, in a directory or in S3."""

import asyncio
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from euterpe_music.classifier import CLASSIFIER_FILE, CLASSIFIER_FILES
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings


class ClassifierSource(Protocol):
    """Finds the newest classifier and brings it to disk."""

    async def fetch(self) -> Path | None:
        """Its directory, or None when there is none."""
        ...


class DirectoryClassifiers:
    """`<directory>/<name>/<version>/classifier.json`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def fetch(self) -> Path | None:
        """See ClassifierSource."""
        found = await asyncio.to_thread(lambda: list(self._directory.glob(f"*/*/{CLASSIFIER_FILE}")))
        return max((path.parent for path in found), key=lambda path: version_key(path.name), default=None)


class S3Classifiers:
    """The same under `s3://bucket/prefix/`; what was fetched stays in the cache directory."""

    def __init__(self, store: ObjectStore, prefix: str, cache: Path) -> None:
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._cache = cache

    async def fetch(self) -> Path | None:
        """See ClassifierSource."""
        keys = await self._store.list(self._prefix)
        places = [key.removesuffix(f"/{CLASSIFIER_FILE}") for key in keys if key.endswith(f"/{CLASSIFIER_FILE}")]
        if not places:
            return None
        newest = max(places, key=lambda place: version_key(place.rpartition("/")[2]))
        target = self._cache / newest.removeprefix(self._prefix)
        await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
        for name in CLASSIFIER_FILES:
            content = await self._store.get(f"{newest}/{name}")
            await asyncio.to_thread((target / name).write_bytes, content)
        return target


def classifier_source(url: str, s3: ObjectStoreSettings, cache: Path) -> ClassifierSource:
    """The source beside the models that a directory's path or an `s3://bucket/prefix` URL names."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return DirectoryClassifiers(Path(url))
    return S3Classifiers(ObjectStore(s3.model_copy(update={"bucket": parts.netloc}), threads=1), parts.path, cache)


def version_key(version: str) -> tuple[int, ...]:
    """Orders 1.10.0 behind 1.9.0; what is no version comes first."""
    core = version.partition("-")[0].partition("+")[0].split(".")
    return tuple(int(part) for part in core) if all(part.isdigit() for part in core) else ()
