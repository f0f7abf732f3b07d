"""Sources of the style classifier: next to the models, in a directory or in S3."""

import asyncio
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from euterpe_music.classifier import CLASSIFIER_FILE, CLASSIFIER_FILES
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings

from euterpe_generator.domain.versions import version_key


class ClassifierSource(Protocol):
    """Finds the newest classifier and copies it to disk."""

    async def fetch(self) -> Path | None:
        """Return its directory; None if there is no classifier."""
        ...


class DirectoryClassifiers:
    """Classifiers in `<directory>/<name>/<version>/classifier.json`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def fetch(self) -> Path | None:
        """See ClassifierSource."""
        found = await asyncio.to_thread(lambda: list(self._directory.glob(f"*/*/{CLASSIFIER_FILE}")))
        return max((path.parent for path in found), key=lambda path: version_key(path.name), default=None)


class S3Classifiers:
    """`s3://bucket/prefix/<name>/<version>/classifier.json`; fetched classifiers stay in the cache directory."""

    def __init__(self, store: ObjectStore, prefix: str, cache: Path) -> None:
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._cache = cache

    async def fetch(self) -> Path | None:
        """See ClassifierSource."""
        keys = await self._store.list(self._prefix)
        paths = [key.removesuffix(f"/{CLASSIFIER_FILE}") for key in keys if key.endswith(f"/{CLASSIFIER_FILE}")]
        if not paths:
            return None
        newest = max(paths, key=lambda path: version_key(path.rpartition("/")[2]))
        target = self._cache / newest.removeprefix(self._prefix)
        await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
        for name in CLASSIFIER_FILES:
            content = await self._store.get(f"{newest}/{name}")
            await asyncio.to_thread((target / name).write_bytes, content)
        return target


def classifier_source(url: str, s3: ObjectStoreSettings, cache: Path) -> ClassifierSource:
    """Return the source for the path of the models' directory or their `s3://bucket/prefix` URL."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return DirectoryClassifiers(Path(url))
    return S3Classifiers(ObjectStore(s3.model_copy(update={"bucket": parts.netloc}), threads=1), parts.path, cache)
