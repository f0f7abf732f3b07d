"""Sources of model bundles: a directory, or a prefix in S3 that is copied to a local cache."""

import asyncio
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from euterpe_music.bundle import SAMPLE_FILE, STYLE_SAMPLES_FILE, bundle_files, parse_any_manifest
from euterpe_music.catalogue import CATALOGUE_FILE
from euterpe_service_kit.object_store import ObjectNotFound, ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings

_MANIFEST = "manifest.json"


class BundleSource(Protocol):
    """Lists bundles and copies them to disk."""

    async def list(self) -> dict[str, str]:
        """Return `name/version` → a fingerprint that changes with the bundle's manifest."""
        ...

    async def fetch(self, path: str) -> Path:
        """Return the directory with the bundle `name/version`. Its content is not checked yet."""
        ...

    async def catalogue(self) -> bytes | None:
        """Return the content of the catalogue file, or None if there is none."""
        ...


class DirectoryBundles:
    """Bundles in `<directory>/<name>/<version>/`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def list(self) -> dict[str, str]:
        """See BundleSource."""
        return await asyncio.to_thread(self._list)

    async def fetch(self, path: str) -> Path:
        """See BundleSource."""
        return self._directory / path

    async def catalogue(self) -> bytes | None:
        """See BundleSource."""
        try:
            return await asyncio.to_thread((self._directory / CATALOGUE_FILE).read_bytes)
        except FileNotFoundError:
            return None

    def _list(self) -> dict[str, str]:
        manifests = sorted(self._directory.glob(f"*/*/{_MANIFEST}"))
        return {
            str(path.parent.relative_to(self._directory)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in manifests
        }


class S3Bundles:
    """Bundles under `s3://bucket/prefix/<name>/<version>/`; fetched bundles stay in the cache directory."""

    def __init__(self, store: ObjectStore, prefix: str, cache: Path) -> None:
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._cache = cache

    async def list(self) -> dict[str, str]:
        """See BundleSource."""
        keys = await self._store.list(self._prefix)
        found = {key.removeprefix(self._prefix): etag for key, etag in keys.items() if key.endswith(f"/{_MANIFEST}")}
        return {
            path.removesuffix(f"/{_MANIFEST}"): etag for path, etag in sorted(found.items()) if path.count("/") == 2
        }

    async def fetch(self, path: str) -> Path:
        """See BundleSource."""
        target = self._cache / path
        await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
        manifest = await self._store.get(f"{self._prefix}{path}/{_MANIFEST}")
        # Parsed only for the names of the files; load_any_bundle checks the bundle.
        for file in bundle_files(parse_any_manifest(manifest)):
            content = await self._store.get(f"{self._prefix}{path}/{Path(file).name}")
            await asyncio.to_thread((target / Path(file).name).write_bytes, content)
        for file in (SAMPLE_FILE, STYLE_SAMPLES_FILE):
            with suppress(ObjectNotFound):
                content = await self._store.get(f"{self._prefix}{path}/{file}")
                await asyncio.to_thread((target / file).write_bytes, content)
        await asyncio.to_thread((target / _MANIFEST).write_bytes, manifest)
        return target

    async def catalogue(self) -> bytes | None:
        """See BundleSource."""
        try:
            return await self._store.get(f"{self._prefix}{CATALOGUE_FILE}")
        except ObjectNotFound:
            return None


def bundle_source(url: str, s3: ObjectStoreSettings, cache: Path) -> BundleSource:
    """Return the source for the path of a directory or an `s3://bucket/prefix` URL."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return DirectoryBundles(Path(url))
    store = ObjectStore(s3.model_copy(update={"bucket": parts.netloc}), threads=2)
    return S3Bundles(store, parts.path, cache)
